// The recorded experiments of lesson 6, assets/data/selection-loss.csv and selection-loss-smollm2.csv: what a model loses when each layer keeps a few
// keys only. Tools/SelectionRecorder writes them.

public import Traces

public import Records

extension PublishedData {
    fileprivate static let lossColumns = ["chooser", "keys", "mean_loss", "mass_kept_first_layer", "mass_kept_last_layer", "model"]

    /// The runs of one model, as `selection-loss.csv` has them. Throws `FileError` with the line at fault.
    public static func selectionLosses(_ bytes: [UInt8], file: String) throws(FileError) -> [SelectionLoss] {
        let rows = try CSVRows(bytes, file: file, header: lossColumns)
        var runs: [SelectionLoss] = []
        for row in rows.rows {
            let model = row.fields[5]
            guard (1...60).contains(model.count), model == runs.first?.model ?? model else {
                throw rows.wrong(row, 5, "one model in all rows, named in 1 to 60 characters")
            }
            guard let keys = Int(row.fields[1]), keys > 0 else { throw rows.wrong(row, 1, "a number of keys above 0") }
            runs.append(
                SelectionLoss(
                    chooser: row.fields[0], keys: keys, meanLoss: try rows.number(row, 2), massKeptFirst: try rows.number(row, 3),
                    massKeptLast: try rows.number(row, 4), model: model))
        }
        return runs
    }
}

extension SelectionLoss {
    /// The header of `selection-loss.csv`.
    public static var csvHeader: String { PublishedData.lossColumns.joined(separator: ",") }

    /// A row of it.
    public var csv: String {
        let numbers = [meanLoss, massKeptFirst, massKeptLast].map { NumberText.significant($0, digits: 12) }
        return ([chooser, "\(keys)"] + numbers + [model]).joined(separator: ",")
    }
}
