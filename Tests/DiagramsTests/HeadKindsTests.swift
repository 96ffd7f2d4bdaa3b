// The figure `head-kinds`: which head is of which kind, told of weights whose shares are known.

import Diagrams
import Mechanisms
import Testing
import Traces

@Suite struct HeadKindsTests {
    /// Twelve queries and keys; each head puts 0.75 on one key and spreads the rest over the keys that a query sees.
    private static func weights(on keys: [(Int) -> Int], tokens: Int = 12) -> Tensor {
        Tensor(Shape([.h, .t, .s], [keys.count, tokens, tokens])) { index in
            let (t, s) = (index[1], index[2])
            guard s <= t else { return 0 }
            return (s == max(keys[index[0]](t), 0) ? 0.75 : 0) + 0.25 / Double(t + 1)
        }
    }

    private func draw(_ layers: [[(Int) -> Int]], tokens: Int = 12, language: Language = .en) throws -> Scene {
        let given = layers.enumerated().map { GivenAttention.Layer(number: $0, weights: Self.weights(on: $1, tokens: tokens)) }
        let trace = try GivenAttention.trace(given, tokens: [], source: Bilingual(same: "given"))
        var options = FigureOptions()
        options.language = language
        let data = FigureData(traces: [(name: "", trace: trace)], provenance: Provenance(name: "test"))
        return try Figure.headKinds.draw(data, options, fixedText)
    }

    @Test func `each kind of head is told by where most of its weight lies`() throws {
        let scene = try draw([[{ _ in 0 }, { $0 - 1 }, { $0 }], [{ $0 - 5 }, { _ in 0 }, { _ in 0 }]])
        for entry in [
            "F first token: 3 heads", "B token before: 1 head", "I itself: 1 head", "N 2 to 8 away: 1 head", "– farther off: 0 heads",
        ] {
            #expect(scene.words.contains(entry), "\(entry)")
        }
        let signs = scene.words.filter { ["F", "B", "I", "N", "–"].contains($0) }
        #expect(signs == ["F", "B", "I", "N", "F", "F"], "cells in the order of layers and heads")
        #expect(scene.title.en.hasSuffix("the most in 3 of 6 heads") && scene.title.en.hasPrefix("The first token holds "))
        #expect(scene.title.zh.contains("6 个头里有 3 个"))
    }

    @Test func `the share of a head is what its weights add up to`() throws {
        // Query t of 2 … 11 gives the first key 0.75 and a part of 0.25 that is 1/(t + 1).
        let share = (2..<12).reduce(0.0) { (sum: Double, t: Int) -> Double in sum + 0.75 + 0.25 / Double(t + 1) } / 10
        let scene = try draw([[{ _ in 0 }]])
        #expect(scene.title.en == "The first token holds \(NumberText.percent(share, decimals: 0)) of all weight")
        #expect(scene.alt.en.contains("first token: 1, \(NumberText.percent(share, decimals: 0)) of all weight"))
    }

    @Test func `a head whose weights are no numbers is marked, and counted apart`() throws {
        var values = Self.weights(on: [{ _ in 0 }, { $0 }]).values
        values[12 * 12 - 1] = .nan
        let broken = Tensor(Shape([.h, .t, .s], [2, 12, 12]), values)
        let trace = try GivenAttention.trace([.init(number: 0, weights: broken)], tokens: [], source: Bilingual(same: "given"))
        let data = FigureData(traces: [(name: "", trace: trace)], provenance: Provenance(name: "test"))
        let scene = try Figure.headKinds.draw(data, FigureOptions(), fixedText)
        #expect(scene.alt.en.contains("1 head without finite weights.") && scene.words.contains("NaN or infinite"))
        #expect(scene.words.contains("I itself: 1 head") && scene.words.contains("F first token: 0 heads"))
    }

    private func draw(_ weights: [Tensor]) throws -> Scene {
        let given = weights.enumerated().map { GivenAttention.Layer(number: $0, weights: $1) }
        return try DiagramsTests.draw(GivenAttention.trace(given, tokens: [], source: Bilingual(same: "given")), .headKinds)
    }

    @Test func `weights of 0 are told from those that are no numbers, and no heading stands over nothing`() throws {
        let none = Tensor(Shape([.h, .t, .s], [2, 12, 12])) { _ in 0 }
        let scene = try draw([none])
        #expect(scene.title.en == "The weights of these heads are all 0" && scene.alt.en.contains("2 heads without any weight."))
        #expect(scene.words.contains("all weights 0") && !scene.words.contains("NaN or infinite") && !scene.words.contains("shares"))
        #expect(try draw([Self.weights(on: [{ _ in 0 }])]).words.contains("shares"))
    }

    @Test func `weights below 0 are refused: their shares would add up to more than all`() throws {
        var values = Self.weights(on: [{ _ in 0 }]).values
        values[12 * 5 + 1] = -0.3
        let error = #expect(throws: FigureError.self) { try draw([Tensor(Shape([.h, .t, .s], [1, 12, 12]), values)]) }
        #expect(error?.description == "head-kinds: layer.0.attention.weights: expected weights of at least 0, found -0.3")
    }

    @Test func `of two kinds with as many heads the one that holds more leads, and all of two heads are both`() throws {
        let (first, last) = (Self.weights(on: [{ _ in 0 }]).values, Self.weights(on: [{ $0 }]).values)
        let pair = Tensor(Shape([.h, .t, .s], [2, 12, 12]), last + first.enumerated().map { $0 % 12 == 0 ? $1 : $1 * 0.1 })
        #expect(try draw([pair]).title.en.hasPrefix("The first token holds "))
        #expect(try draw([pair]).title.en.hasSuffix("the most in 1 of 2 heads"))
        #expect(try draw([Self.weights(on: [{ $0 }, { $0 }])]).title.en.hasSuffix("the most in both heads"))
    }

    @Test func `layers beyond a hundred have their numbers side by side, not on top of each other`() throws {
        let weights = (0..<120).map { _ in Tensor(Shape([.h, .t, .s], [2, 4, 4])) { $0[2] == 0 ? 1 : 0 } }
        let scene = try draw(weights)
        let numbers = scene.texts.filter { Int($0.text) != nil && $0.anchor == .middle }
        for (left, right) in zip(numbers, numbers.dropFirst()) where left.position.y == right.position.y {
            let half = { (run: TextRun) in Double(run.text.count) * run.style.size / 4 }
            #expect(left.position.x + half(left) < right.position.x - half(right), "\(left.text) \(right.text)")
        }
    }

    @Test func `two tokens are too few, for the places of a query are then the same`() {
        let error = #expect(throws: FigureError.self) { try draw([[{ _ in 0 }]], tokens: 2) }
        #expect(error?.description == "head-kinds: layer.0.attention.weights: expected three tokens or more, found 2")
    }
}
