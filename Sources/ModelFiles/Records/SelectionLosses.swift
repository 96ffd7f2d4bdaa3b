// The recorded experiment of lesson 6, assets/data/selection-loss.csv: what a small model loses when each layer keeps a few keys only.

/// One run of the experiment.
public struct SelectionLoss: Hashable, Sendable {
    /// `dense`, or the rule that chose the keys: `oracle`, `recent`, `random`.
    public let chooser: String
    /// Keys kept for each query; all tokens of the text where attention is dense.
    public let keys: Int
    /// The mean loss over the text, in nats.
    public let meanLoss: Double
    /// The dense weight on the keys kept in the first layer, 0 to 1: mean over heads and queries.
    public let massKeptFirst: Double
    /// The same in the last layer.
    public let massKeptLast: Double
}

extension PublishedData {
    /// The runs of `selection-loss.csv`. Throws `FileError` with the line at fault.
    public static func selectionLosses(_ bytes: [UInt8], file: String) throws(FileError) -> [SelectionLoss] {
        let rows = try CSVRows(
            bytes, file: file, header: ["chooser", "keys", "mean_loss", "mass_kept_first_layer", "mass_kept_last_layer"])
        var runs: [SelectionLoss] = []
        for row in rows.rows {
            guard let keys = Int(row.fields[1]), keys > 0 else { throw rows.wrong(row, 1, "a number of keys above 0") }
            runs.append(
                SelectionLoss(
                    chooser: row.fields[0], keys: keys, meanLoss: try rows.number(row, 2), massKeptFirst: try rows.number(row, 3),
                    massKeptLast: try rows.number(row, 4)))
        }
        return runs
    }
}
