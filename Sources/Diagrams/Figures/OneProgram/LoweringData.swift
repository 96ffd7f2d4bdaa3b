// What the figure `one-program` draws from: the text of a tile program, and what TileLang made of it for each machine.

public import Records
public import TileMachine
import Traces

/// One program and what it became.
public struct LoweringData: Sendable {
    /// The program whose text is shown, with the sizes that were lowered.
    public var program: TileProgram
    /// What came out.
    public var lowered: LoweredProgram
    /// The version of TileLang.
    public var version: String
    /// The day on which it was recorded.
    public var date: String

    /// A program with its record.
    public init(_ program: TileProgram, _ lowered: LoweredProgram, version: String, date: String) {
        (self.program, self.lowered, self.version, self.date) = (program, lowered, version, date)
    }
}

extension FigureData {
    func lowerings(_ figure: String) throws(FigureError) -> LoweringData {
        guard case .lowerings(let data) = numbers else { throw missing(figure, .lowerings) }
        return data
    }
}
