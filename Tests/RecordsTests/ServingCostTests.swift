// Serving cost, conversations and doublings: against published corners, sums done token by token, and limits known from algebra.

import Records
import Testing
import Traces

@Suite struct ServingCostTests {
    static let corners: [(ServingPanel, Bool, [(Double, Double)])] = [
        (.prefill, false, [(0, 0.052873), (131071, 0.665769)]), (.prefill, true, [(0, 0.061113), (6677, 0.099869), (131071, 0.187120)]),
        (.decode, false, [(0, 0.070497), (131071, 2.154344)]), (.decode, true, [(0, 0.095191), (2048, 0.145673), (131071, 0.249099)]),
    ]

    @Test(arguments: corners.indices) func `Figure 3 is predicted within 0.2 percent at every position`(line: Int) throws {
        let (panel, sparse, points) = Self.corners[line]
        let curve = try PublishedCurve(
            panel: panel, model: "x",
            points: points.enumerated().map { .init(position: $1.0, dollars: $1.1, isKnee: $0 > 0 && $0 < points.count - 1) })
        let cost = try ServingCost(Published.latent(indexer: sparse), on: Published.h800())
        let rows = try curve.compared(with: cost)
        #expect(rows.map(\.position).contains(131_071) && rows.count == 33 + (sparse ? (panel == .decode ? 1 : 1) : 0))
        for row in try rows + curve.compared(with: cost, every: 97) { #expect(abs(row.relativeError) < 0.002, "\(row)") }
    }

    @Test func `knees are where the figure has them`() throws {
        let cost = try ServingCost(Published.latent(indexer: true), on: Published.h800())
        #expect(cost.knee(.decode) == 2048)
        #expect(abs(cost.knee(.prefill)! / 6677 - 1) < 0.002)
        #expect(try ServingCost(Published.latent(indexer: false), on: Published.h800()).knee(.decode) == nil)
    }

    @Test func `dense decode reads 2_46 TB a second`() throws {
        let cost = try ServingCost(Published.latent(indexer: false), on: Published.h800())
        #expect((cost.impliedDecodeBandwidth() / 1e10).rounded() == 246)
    }

    @Test func `assumptions name every share and whether memory keeps up`() throws {
        func said(_ bf16: Double) throws -> [Bilingual] {
            let hardware = try Published.h800(bf16: bf16)
            return ServingCost.assumptions(
                dense: try ServingCost(Published.latent(indexer: false), on: hardware),
                sparse: try ServingCost(Published.latent(indexer: true), on: hardware))
        }
        let h800 = try said(989.5e12)
        for share in ["60%", "55%", "57.3%", "40%", "35%"] { #expect(h800[0].en.contains(share) && h800[0].zh.contains(share)) }
        #expect(h800[2].en == "Memory keeps up: decode reads dense latents (bf16) at 2.46 TB/s of 3.35.")
        #expect(h800[3].en.hasPrefix("One read must serve several queries"))
        let twice = try said(2 * 989.5e12)
        #expect(twice[1].en.contains("times 0.5 ") && twice[2].en.hasPrefix("One read must serve several queries"))
        #expect(try ServingProfile.inferredFromFigure3.describes(Published.h800()))
        #expect(try !ServingProfile.inferredFromFigure3.describes(Published.h800(price: 3)))
    }

    @Test func `an accelerator twice as fast at the same price costs half`() throws {
        let one = try ServingCost(Published.latent(indexer: false), on: Published.h800())
        let two = try ServingCost(Published.latent(indexer: false), on: Published.h800(bf16: 2 * 989.5e12))
        let ratio = try one.dollarsPerMillionTokens(.decode, position: 5000) / two.dollarsPerMillionTokens(.decode, position: 5000)
        #expect(abs(ratio - 2) < 1e-12)
    }

    @Test(arguments: ServingPanel.allCases, [false, true]) func `a conversation costs the sum of its tokens`(
        panel: ServingPanel, sparse: Bool
    ) throws {
        let cost = try ServingCost(Published.latent(indexer: sparse), on: Published.h800())
        var total = 0.0
        for p in 0..<9000 {
            total += try cost.seconds(panel, position: Double(p))
            if [0, 1, 2046, 2047, 2048, 6682, 6683, 6684, 6685, 8999].contains(p) {
                #expect(abs(try cost.conversationSeconds(panel, length: p + 1) / total - 1) < 1e-11)
            }
        }
    }

    @Test func `bad hardware, shares and positions are refused by name`() throws {
        #expect { try Hardware(name: "x", bf16: 1e15, fp8: 1e15, bandwidth: 0, memory: 1e9, dollarsPerHour: 1) } throws: {
            "\($0)" == "bandwidth_bytes_per_second: expected a number from 1e+06 to 1e+18, found 0"
        }
        #expect { try Published.h800(bf16: 1e-20) } throws: { "\($0)" == "bf16_flops: expected a number from 1e+09 to 1e+21, found 1e-20" }
        #expect { try Published.h800(price: .nan) } throws: { "\($0)".hasPrefix("usd_per_hour: expected a number from") }
        #expect(throws: EngineError(.value, "usd_per_hour", "expected a number from 1e-06 to 1e+06, found -∞")) {
            try Published.h800(price: -.infinity)
        }
        var profile = ServingProfile()
        profile.denseMHA = 1.5
        #expect { try ServingCost(Published.latent(indexer: false), on: Published.h800(), profile: profile) } throws: {
            "\($0)".hasPrefix("utilisation.denseMHA")
        }
        profile = ServingProfile()
        profile.denseConstants = [1]
        #expect(
            throws: EngineError(
                .value, "constants", "expected two times of 0 or more seconds each, and a peak above 0, found [1.0], [0.00011, 0.0001713]")
        ) { try ServingCost(Published.latent(indexer: false), on: Published.h800(), profile: profile) }
        let cost = try ServingCost(Published.latent(indexer: false), on: Published.h800())
        #expect(throws: EngineError(.value, "position", "expected 0 or more, found -1")) { try cost.seconds(.decode, position: -1) }
        #expect(throws: EngineError(.value, "length", "expected 0 or more tokens, found -1")) {
            try cost.conversationSeconds(.decode, length: -1)
        }
        #expect(
            throws: EngineError(
                .value, "decode, x", "expected two or more ascending positions up to 10^9 with costs of 0 or more, found []")
        ) { try PublishedCurve(panel: .decode, model: "x", points: []) }
        let curve = try PublishedCurve(
            panel: .decode, model: "x",
            points: [.init(position: 0, dollars: 1, isKnee: false), .init(position: 9, dollars: 2, isKnee: false)])
        #expect(throws: EngineError(.value, "position", "expected 0.0 to 9.0, found 10")) { try curve.dollars(at: 10) }
        #expect(throws: EngineError(.value, "step", "expected 1 or more tokens, found 0")) { try curve.compared(with: cost, every: 0) }
    }

    @Test func `a chat is billed turn by turn`() throws {
        let list = try PriceList(name: "x", currency: "USD", cacheHit: 0.07, cacheMiss: 0.56, output: 1.68)
        let chat = try Conversation(turns: 7, inputPerTurn: 300, outputPerTurn: 500)
        for hits in [true, false] {
            var bill = 0.0
            for turn in 0..<7 { bill += Double(turn * 800) * (hits ? 0.07 : 0.56) + 300 * 0.56 + 500 * 1.68 }
            #expect(abs(try chat.price(list, withCacheHits: hits) - bill / 1e6) < 1e-15)
        }
        let halves = try Conversation(turns: 1, tokensPerTurn: 5)
        #expect(halves.inputPerTurn == 2 && halves.outputPerTurn == 3)
        #expect(try Conversation(turns: 1 << 40, tokensPerTurn: 1 << 40).tokens().history > 0)
        #expect(throws: EngineError(.value, "tokens", "expected a count below 2^127, found a larger one")) {
            try Conversation(turns: .max, tokensPerTurn: .max).tokens()
        }
        #expect(throws: EngineError(.value, "turns", "expected 1 or more, found 0")) { try Conversation(turns: 0, tokensPerTurn: 5) }
        #expect(throws: EngineError(.value, "tokens per turn", "expected 1 or more, found 0")) {
            try Conversation(turns: 1, tokensPerTurn: 0)
        }
        #expect(throws: EngineError(.value, "input tokens per turn", "expected 0 or more, found -1")) {
            try Conversation(turns: 1, inputPerTurn: -1, outputPerTurn: 0)
        }
        #expect(throws: EngineError(.value, "x USD input_cache_hit", "expected a price of 0 or more, found -1")) {
            try PriceList(name: "x", currency: "USD", cacheHit: -1, cacheMiss: 0, output: 0)
        }
    }

    @Test func `doubling a dense chat costs twice at first and four times in the limit`() throws {
        let dense = Doubling(try ServingCost(Published.latent(indexer: false), on: Published.h800()))
        #expect(abs(try dense.factor(.decode, .perConversation, length: 1) - 2) < 1e-3)
        #expect(abs(try dense.factor(.decode, .perConversation, length: 1 << 40) - 4) < 1e-3)
        #expect(abs(try dense.factor(.decode, .perToken, length: 1 << 40) - 2) < 1e-3)
        // (2a + 2bL) / (a + bL/2) = r gives L = 2a (r - 2) / (b (4 - r)), up to half a token.
        let a = try dense.cost.seconds(.prefill, position: 0)
        let b = try dense.cost.seconds(.prefill, position: 1) - a
        for r in [2.3, 3.5, 3.8] {
            let length = try #require(try dense.length(.prefill, .perConversation, reaching: r))
            #expect(abs(Double(length) - 2 * a * (r - 2) / (b * (4 - r))) < 20)
        }
        #expect(try dense.length(.prefill, .perConversation, reaching: 4.1) == nil)
        #expect(throws: EngineError(.value, "length", "expected 1 to 2^61 tokens, found 0")) {
            try dense.factor(.prefill, .perToken, length: 0)
        }
        let sparse = Doubling(try ServingCost(Published.latent(indexer: true), on: Published.h800()))
        #expect(try sparse.factor(.decode, .perToken, length: 65_536) < 1.3)
        #expect(throws: EngineError(.value, "V3.2", "expected a dense model, found one whose factor rises and falls")) {
            try sparse.length(.prefill, .perToken, reaching: 1.5)
        }
    }

    @Test func `published lines have slopes and a last crossing`() throws {
        func line(_ points: [(Double, Double)]) throws -> PublishedCurve {
            try PublishedCurve(panel: .decode, model: "x", points: points.map { .init(position: $0.0, dollars: $0.1, isKnee: false) })
        }
        let (old, new) = try (line(Self.corners[2].2), line(Self.corners[3].2))
        let decode = try #require(try old.lastCrossing(with: new))
        let prefill = try #require(try line(Self.corners[0].2).lastCrossing(with: line(Self.corners[1].2)))
        #expect(abs(decode - 4871) < 1 && abs(prefill - 10_646) < 1)
        #expect(try new.lastCrossing(with: old) == old.lastCrossing(with: new))
        let bent = try line([(0, 1), (10, 3), (20, 4)])
        #expect(try [0, 9.5, 10, 20].map { try bent.slope(at: $0) } == [0.2, 0.2, 0.1, 0.1])
        #expect(throws: EngineError(.value, "position", "expected 0.0 to 20.0, found 21")) { try bent.slope(at: 21) }
        #expect(try bent.lastCrossing(with: line([(0, 2), (20, 6)])) == nil)
        #expect(try bent.lastCrossing(with: line([(5, 0), (15, 7)])) == 9)
    }
}
