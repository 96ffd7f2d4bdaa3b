// Line breaking, visible tokens, shortening, hatching.

import Diagrams
import Testing
import Traces

@Suite struct TextTests {
    private func lines(_ text: String, _ width: Double) -> [String] {
        LineBreaker.lines(text, width: width) { fixedText.measure($0, TextStyle(size: 10, color: .ink), .zh).width }
    }

    @Test func `English breaks at spaces`() {
        #expect(lines("one two three", 40) == ["one two", "three"])
        #expect(lines("unbreakable", 20) == ["unbreakable"])
        #expect(lines("", 20) == [""])
        #expect(lines("a  b", 100) == ["a  b"])
    }

    @Test func `Chinese breaks anywhere, but no line begins with a closing mark or ends with an opening one`() {
        #expect(lines("国庆飞到大理", 30) == ["国庆飞", "到大理"])
        #expect(lines("国庆飞，到大理", 30) == ["国庆", "飞，到", "大理"])
        #expect(lines("国庆（飞到）", 30) == ["国庆", "（飞", "到）"])
        #expect(lines("保住 92.5% 的", 40) == ["保住", "92.5% 的"])
    }

    @Test func `words of the field are not torn, nor is a number from what it counts`() {
        #expect(lines("稠密注意力的权重", 30) == ["稠密", "注意力", "的权重"])
        #expect(lines("一个个词元", 40) == ["一个个", "词元"])
        #expect(lines("贵了 3.5 倍", 45) == ["贵了", "3.5 倍"])
        #expect(lines("留下12个键", 35) == ["留下", "12个键"])
        #expect(
            lines("one row takes 576 B", 80) == ["one row takes", "576 B"] && lines("tiles of 16 × 16", 55) == ["tiles of", "16 × 16"])
    }

    @Test func `no last line holds next to nothing where narrower lines do as well`() {
        func full(_ text: String, _ width: Double) -> [String] {
            LineBreaker.full(text, width: width) { fixedText.measure($0, TextStyle(size: 10, color: .ink), .zh).width }
        }
        #expect(lines("颜色越深，权重越大；每行之和为 1。", 150) == ["颜色越深，权重越大；每行之和为", "1。"])
        #expect(full("颜色越深，权重越大；每行之和为 1。", 150) == ["颜色越深，权重越大；每行之", "和为 1。"])
        #expect(full("one two three", 60) == lines("one two three", 60))
        #expect(full("unbreakable a", 55) == ["unbreakable", "a"], "where nothing else is possible")
    }

    @Test func `a short quotation stays on one line, a long one may break`() {
        #expect(lines("放在“大理古城”上", 60) == ["放在", "“大理古城”上"])
        #expect(lines("rests on “my dog”", 50) == ["rests on", "“my dog”"])
        #expect(lines("问“一二三四五六七八九十”", 40).count > 3)
    }

    @Test(arguments: [
        (" ", "␣"), ("\n", "↵"), ("\r\n", "␍↵"), ("\t", "⇥"), ("", "∅"), (" the", "␣the"), ("▁the", "␣the"), ("▁", "␣"), ("\u{0}", "␀"),
        ("\u{7F}", "␡"),
        ("\u{202E}abc", "U+202Eabc"), ("\u{200B}", "U+200B"), ("\u{FFFD}", "\u{FFFD}"), ("大理", "大理"), ("👨‍👩‍👧", "👨‍👩‍👧"), ("é", "é"),
        ("\u{A0}", "U+00A0"), ("\u{3000}", "U+3000"),
    ]) func `invisible characters of tokens become visible`(token: String, shown: String) {
        #expect(TokenText.visible(token) == shown)
    }

    @Test func `bytes of a character are called by it and their place in it, others by their number`() {
        func shown(_ bytes: [Int]) -> [String] {
            TokenText.visible(bytes.map { "<0x" + String($0, radix: 16, uppercase: true) + ">" })
        }
        #expect(TokenText.visible(["▁a", "<0xE6>", "<0x88>", "<0x91>", "b"]) == ["␣a", "我 1/3", "我 2/3", "我 3/3", "b"])
        #expect(shown([0xF0, 0x9F, 0x98, 0x80]) == ["😀 1/4", "😀 2/4", "😀 3/4", "😀 4/4"])
        #expect(shown([0x41, 0xC3, 0xAF]) == ["A", "ï 1/2", "ï 2/2"])
        #expect(shown([0xE6, 0x88]) == ["0xE6", "0x88"], "a character that goes on after the text")
        #expect(shown([0x88, 0xE6, 0x88, 0x91]) == ["0x88", "我 1/3", "我 2/3", "我 3/3"])
        #expect(TokenText.visible(["<0xE6>", "x", "<0x88>", "<unk>", "<0xZZ>"]) == ["0xE6", "x", "0x88", "<unk>", "<0xZZ>"])
        #expect(TokenText.visible([]).isEmpty)
    }

    /// As byte-level tokenizers have them: bytes of a character beside whole ones.
    @Test func `a token that begins or ends inside a character says so`() {
        #expect(TokenText.visible(["▁<0xE6>", "<0x88><0x91>", "们"]) == ["␣我 1/3", "我 2–3/3", "们"])
        #expect(TokenText.visible(["a<0xE6><0x88>", "<0x91>b<0xC3>", "<0xAF>!"]) == ["a我 1–2/3", "我 3/3 bï 1/2", "ï 2/2 !"])
        #expect(TokenText.visible(["<0xF0><0x9F>", "<0x91>", "<0xA9>"]) == ["👩 1–2/4", "👩 3/4", "👩 4/4"])
        #expect(TokenText.visible(["▁<0xF0><0x9F>", "x<0x91>"]) == ["␣0xF0 0x9F", "x0x91"], "no character")
        #expect(
            TokenText.visible(["a<0x0A>b", "<0x0A>"]) == ["a<0x0A>b", "↵"], "only a token of its own may be a byte that is a character")
    }

    @Test func `long labels are shortened in the middle`() {
        let short = TokenText.shortened("internationalisation", to: 7) { Double($0.count) }
        #expect(short == "int…ion")
        #expect(TokenText.shortened("Dali", to: 7) { Double($0.count) } == "Dali")
        #expect(TokenText.shortened("👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧", to: 2) { Double($0.count) } == "👨‍👩‍👧…")
    }

    @Test func `hatching stays inside its outline and continues in the neighbour`() {
        let (left, right) = (Rect(3, 5, 20, 10), Rect(23, 5, 20, 10))
        let a = Hatch.segments(in: Item.outline(left, radius: 0), spacing: 4)
        let b = Hatch.segments(in: Item.outline(right, radius: 0), spacing: 4)
        #expect(a.count >= 4)
        func contains(_ p: Point) -> Bool { p.x > 2.999 && p.x < 23.001 && p.y > 4.999 && p.y < 15.001 }
        for (p, q) in a {
            let (c, d) = (p.x + p.y, q.x + q.y)
            #expect(abs(c - d) < 1e-9, "lines run at 45 degrees")
            #expect(contains(p) && contains(q))
        }
        func isOnGrid(_ segment: (Point, Point)) -> Bool {
            let place = (segment.0.x + segment.0.y) / (4 * 2.0.squareRoot())
            return abs(place - place.rounded()) < 1e-9
        }
        #expect(a.allSatisfy(isOnGrid) && b.allSatisfy(isOnGrid))
        #expect(Hatch.segments(in: [], spacing: 4).isEmpty)
        #expect(Hatch.segments(in: Item.outline(left, radius: 0), spacing: 0).isEmpty)
    }
}
