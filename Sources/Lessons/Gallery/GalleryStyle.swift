// The looks of the gallery's page, and its switches: radio buttons that style sheets read, so that the page needs no script.

enum GalleryStyle {
    static let switches = """
        <fieldset><legend>Language · 语言</legend>
        <label><input type="radio" name="language" id="en" checked> English</label>
        <label><input type="radio" name="language" id="zh"> 中文</label></fieldset>
        <fieldset><legend>Theme · 主题</legend>
        <label><input type="radio" name="theme" id="system" checked> Auto · 自动</label>
        <label><input type="radio" name="theme" id="light"> Light · 浅色</label>
        <label><input type="radio" name="theme" id="dark"> Dark · 深色</label>
        <label><input type="radio" name="theme" id="print"> Print · 印刷</label></fieldset>
        """

    private static let darkColors =
        "--paper: #14171f; --ink: #e9ecf2; --muted: #9ca5b8; --rule: #343b4a; --link: #7db8f0; color-scheme: dark;"

    static let css = """
        :root { --paper: #fff; --ink: #1a1f29; --muted: #667085; --rule: #dbe0e8; --link: #0b5c9e; color-scheme: light; }
        body:has(#dark:checked) { \(darkColors) }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 Inter, "Noto Sans", "Noto Sans CJK SC", system-ui, sans-serif; }
        header, main { max-width: 1200px; margin: 0 auto; padding: 0 20px; }
        main { padding-bottom: 60px; }
        header { padding-top: 14px; font-size: 14px; }
        fieldset { display: inline-flex; flex-wrap: wrap; gap: 2px 14px; border: 0; margin: 0 28px 6px 0; padding: 0; }
        legend { float: left; margin-right: 14px; padding: 0; color: var(--muted); }
        label { white-space: nowrap; }
        h1 { font-size: 28px; line-height: 1.25; margin: 20px 0 8px; }
        h2 { font-size: 20px; line-height: 1.35; margin: 56px 0 20px; padding-top: 20px; border-top: 1px solid var(--rule); }
        main > p { color: var(--muted); margin: 0 0 16px; }
        nav ol { margin: 0; padding-left: 22px; }
        a { color: var(--link); }
        figure { margin: 0 0 48px; }
        img { display: block; max-width: 100%; height: auto; border: 1px solid var(--rule); border-radius: 6px; box-sizing: border-box; }
        figcaption { color: var(--muted); font-size: 14px; margin-top: 10px; }
        figcaption > p { margin: 0 0 4px; color: var(--ink); user-select: all; }
        details p { margin: 4px 0 8px; max-width: 72ch; user-select: all; }
        summary { cursor: pointer; }
        code { font: 13px ui-monospace, monospace; }
        body:has(#en:checked) .zh, body:has(#zh:checked) .en { display: none; }
        body:has(#system:checked) figure > a:not(.light), body:has(#light:checked) figure > a:not(.light),
        body:has(#dark:checked) figure > a:not(.dark), body:has(#print:checked) figure > a:not(.print) { display: none; }
        @media (prefers-color-scheme: dark) {
        body:has(#system:checked) { \(darkColors) }
        body:has(#system:checked) figure > a.light { display: none; }
        body:has(#system:checked):has(#en:checked) figure > a.dark.en, body:has(#system:checked):has(#zh:checked) figure > a.dark.zh { display: inline; }
        }
        @media print { header { display: none; } figure { break-inside: avoid; } }
        """
}
