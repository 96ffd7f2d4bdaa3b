// attn cost conversation: what one growing chat costs its user under the price lists before and after.

internal import ArgumentParser
internal import Lessons
internal import ModelFiles
internal import Records
internal import Traces

extension CostCommand {
    struct Talk: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "conversation", abstract: "What one growing chat costs under both price lists.",
            discussion: """
                Every turn sends the whole conversation again. Half of each turn's tokens are the user's, the rest the model's.
                Example: attn cost conversation --turns 20 --tokens-per-turn 1000
                """)

        @Option(parsing: .unconditional, help: ArgumentHelp("How often the user writes.", valueName: "n")) var turns: Int
        @Option(parsing: .unconditional, help: ArgumentHelp("Tokens of one turn, question and answer.", valueName: "m")) var tokensPerTurn:
            Int
        @OptionGroup var options: CostOptions

        func run() throws {
            for (name, value) in [("--turns", turns), ("--tokens-per-turn", tokensPerTurn)] where value < 1 {
                throw UsageError("\(name): expected 1 or more, found \(value)")
            }
            let conversation = try Conversation(turns: turns, tokensPerTurn: tokensPerTurn)
            let lists = try PublishedData.prices(path: CostCommand.assets(options.home) + "/data/prices.csv")
            let bills = try lists.map { list in
                Bill(
                    list: list, withHits: try conversation.price(list, withCacheHits: true),
                    withoutHits: try conversation.price(list, withCacheHits: false))
            }
            let tokens = try conversation.tokens()
            if options.json { return try Output.print(json(tokens, bills)) }
            try Output.print(text(tokens, bills))
        }

        /// One chat under one list.
        private struct Bill {
            let list: PriceList
            let withHits, withoutHits: Double
        }

        private func json(_ tokens: Conversation.Tokens, _ bills: [Bill]) -> JSONText {
            let prices = bills.map { bill in
                JSONText.object([
                    ("model", .string(bill.list.name)), ("currency", .string(bill.list.currency)),
                    ("withCacheHits", .number(bill.withHits)),
                    ("withoutCacheHits", .number(bill.withoutHits)),
                ])
            }
            return .object([
                ("turns", .integer(turns)), ("tokensPerTurn", .integer(tokensPerTurn)),
                ("tokens", .object([("history", .exact(tokens.history)), ("new", .exact(tokens.new)), ("output", .exact(tokens.output))])),
                ("prices", .array(prices)),
            ])
        }

        private func text(_ tokens: Conversation.Tokens, _ bills: [Bill]) -> [String] {
            let decimals = Self.decimals(bills.flatMap { [$0.withHits, $0.withoutHits] })
            func money(_ value: Double, _ currency: String) -> String { "\(currency) \(NumberText.fixed(value, decimals: decimals))" }
            let rows = bills.map { bill in
                [
                    bill.list.name, money(bill.withoutHits, bill.list.currency), money(bill.withHits, bill.list.currency),
                    bill.withoutHits > 0 ? NumberText.percent(1 - bill.withHits / bill.withoutHits, decimals: 0) : "-",
                ]
            }
            let table = TextTable(
                header: [
                    options.said("price list", "价目表"), options.said("without cache hits", "缓存全未命中"),
                    options.said("with cache hits", "历史全部命中缓存"), options.said("saved by hits", "命中省下"),
                ], rows: rows)
            let (history, new, output) = (
                CostCommand.grouped(tokens.history), CostCommand.grouped(tokens.new), CostCommand.grouped(tokens.output)
            )
            let title = options.said(
                "\(NumberText.grouped(turns)) \(turns == 1 ? "turn" : "turns") of \(NumberText.grouped(tokensPerTurn)) \(tokensPerTurn == 1 ? "token" : "tokens"): \(history) tokens sent again, \(new) new, \(output) answered",
                "\(NumberText.grouped(turns)) 轮，每轮 \(NumberText.grouped(tokensPerTurn)) 个词元：重发 \(history)，新写 \(new)，回答 \(output)")
            return TerminalText.wrapped(title) + [""] + table.lines + [""] + cuts(bills).flatMap { TerminalText.wrapped($0) }
        }

        /// As many decimals in every amount as the smallest needs to show three digits: 2 to 12.
        private static func decimals(_ amounts: [Double]) -> Int {
            guard let least = amounts.filter({ $0 > 0 }).min() else { return 2 }
            var (decimals, unit) = (2, least * 100)
            while unit < 100, decimals < 12 { (decimals, unit) = (decimals + 1, unit * 10) }
            return decimals
        }

        /// By how much the newer list is cheaper, in each currency.
        private func cuts(_ bills: [Bill]) -> [String] {
            zip(bills, bills.dropFirst()).filter { $0.list.currency == $1.list.currency && $0.withHits > 0 }.map { before, after in
                let (miss, hit) = (1 - after.withoutHits / before.withoutHits, 1 - after.withHits / before.withHits)
                return options.said(
                    "\(before.list.currency): \(after.list.name) is cheaper by \(NumberText.percent(miss)) without hits, by \(NumberText.percent(hit)) with hits",
                    "\(before.list.currency)：\(after.list.name) 便宜 \(NumberText.percent(miss))（未命中），\(NumberText.percent(hit))（命中）")
            }
        }
    }
}
