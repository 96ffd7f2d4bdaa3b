// The recorded experiment of lesson 6, assets/data/selection-loss.csv: what a small model loses when each layer keeps a few keys only.

public import Traces

public import Records

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
