// The legend of the matrix figure: the colour scale with its ends, or the two answers of a choice, and what is blank.

import AttentionEngine

extension MatrixFigure {
    mutating func legend(_ words: MatrixWords) {
        frame.y += frame.type.label * 0.9
        let style = frame.style(frame.type.small, frame.palette.muted)
        let (low, high) = scale.ends
        var x = frame.type.margin
        let baseline = frame.y + frame.type.small
        let name = words.quantity[frame.language]
        frame.add(name, style, at: Point(x, baseline))
        x += frame.width(name, style) + 10
        if scale.kind != .choice {
            frame.add(low, style, at: Point(x, baseline))
            x += frame.width(low, style) + 6
            let bar = Rect(x, frame.y + frame.type.small * 0.1, min(150, frame.contentWidth * 0.3), frame.type.small)
            frame.items.append(.rect(bar.insetBy(-0.5), stroke: Stroke(frame.palette.rule)))
            let colors = scale.map.colors
            let ramp = PixelImage(width: colors.count, height: 1, palette: colors, pixels: colors.indices.map { UInt8($0) })
            frame.items.append(.image(ramp, in: bar))
            frame.add(high, style, at: Point(bar.maxX + 6, baseline))
            x = bar.maxX + 6 + frame.width(high, style) + 24
        } else {
            for value in [0.0, 1.0] {
                let box = Rect(x, frame.y + frame.type.small * 0.1, frame.type.small, frame.type.small)
                let fill: Fill = slice.isSelection && value == 0 ? frame.hatching : .solid(scale.color(value))
                frame.items.append(.rect(box, fill: fill, stroke: Stroke(frame.palette.rule, width: 0.75)))
                x += frame.type.small + 8
            }
            x += 8
        }
        frame.y = baseline + frame.type.small * 0.4
        guard words.hasMasked else { return }
        let masked = Bilingual(en: "blank: masked", zh: "空白：已掩住")[frame.language]
        if x + frame.width(masked, style) > frame.width - frame.type.margin {
            x = frame.type.margin
            frame.y += frame.type.small * 1.5
        }
        frame.add(masked, style, at: Point(x, frame.y - frame.type.small * 0.4))
    }
}
