// The clinic: what people saw of an indexer that was wrong, what to compare then, which mistake it usually was, and where that is on record.
// Every symptom can be run: a small seeded case on which the mistake shows what it was seen by.

public import Traces

/// One thing that is seen of a wrong indexer, and where it usually comes from.
public struct ClinicSymptom: Sendable {
    /// Its name in commands and in JSON.
    public let id: String
    /// What is seen.
    public let symptom: Bilingual
    /// What to hold against what.
    public let compare: Bilingual
    /// Commands of the bench for that; `mine.safetensors` is the reader's own output.
    public let commands: [String]
    /// The mistake that it usually was.
    public let mistake: Bilingual
    /// What a comparison calls it, if it knows it: several names where the mistake may be made in several ways.
    public let names: [String]
    /// Where it is on record.
    public let records: [Record]
    private let made: @Sendable (UInt64) throws(EngineError) -> ClinicRun

    init(
        _ id: String, _ symptom: Bilingual, compare: Bilingual, commands: [String], mistake: Bilingual, names: [String] = [],
        records: [Record],
        run: @escaping @Sendable (UInt64) throws(EngineError) -> ClinicRun
    ) {
        (self.id, self.symptom, self.compare, self.commands, self.mistake) = (id, symptom, compare, commands, mistake)
        (self.names, self.records, made) = (names, records, run)
    }

    /// Makes the case, and computes both selections.
    public func run(seed: UInt64) throws(EngineError) -> ClinicRun { try made(seed) }

    /// A public page that tells of the mistake, or of the symptom.
    public struct Record: Sendable {
        /// Owner and name on GitHub.
        public let repository: String
        /// The number of the issue or pull request; nil for a page of the repository.
        public let number: Int?
        /// The page, where it is not an issue or a pull request.
        public let page: String?
        /// When it was written: year-month-day.
        public let date: String
        /// What it says, in our words.
        public let says: Bilingual

        init(_ repository: String, _ number: Int, _ date: String, _ says: Bilingual) {
            (self.repository, self.number, page, self.date, self.says) = (repository, number, nil, date, says)
        }

        init(_ repository: String, page: String, _ date: String, _ says: Bilingual) {
            (self.repository, number, self.page, self.date, self.says) = (repository, nil, page, date, says)
        }

        /// `ml-explore/mlx-lm#1431`.
        public var name: String { number.map { "\(repository)#\($0)" } ?? "\(repository) \(page ?? "")" }
        /// Where it can be read.
        public var address: String {
            let home = "https://github.com/\(repository)"
            // GitHub leads from an issue's address to the pull request of that number.
            return number.map { "\(home)/issues/\($0)" } ?? home
        }
    }

    /// The symptom of that name; nil if there is none.
    public static func named(_ id: String) -> ClinicSymptom? { all.first { $0.id == id } }
}

extension ClinicSymptom {
    /// The symptom in words, for `--json`.
    public func json(_ language: Language) -> [(String, JSONText)] {
        [
            ("id", .string(id)), ("symptom", .string(symptom[language])), ("compare", .string(compare[language])),
            ("commands", .strings(commands)), ("mistake", .string(mistake[language])), ("names", .strings(names)),
            (
                "records",
                .array(
                    records.map {
                        .object([
                            ("name", .string($0.name)), ("date", .string($0.date)), ("address", .string($0.address)),
                            ("says", .string($0.says[language])),
                        ])
                    })
            ),
        ]
    }
}
