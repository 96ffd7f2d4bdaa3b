// A measurement as JSON, written by hand: few fields, a fixed order, and no Foundation.

import Records

extension MeasurementReport {
    /// `{"phase", "machine", "dimensions", "runs", "isComplete", "rows": [{"length", "dense", "sparse", "speedup", "agreement"}],
    /// "growth": {"fittedFrom", "dense", "sparse"}}`; times in seconds.
    public var json: String {
        let d = options.dimensions
        let blas = machine.blas
        let environment = blas.environment.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)): \(Self.quoted($0.value))" }
        let rows = rows.map { row in
            let agreement = row.agreement.map {
                "{\"dense\": \($0.dense), \"sparse\": \($0.sparse), \"selectionDifferences\": \($0.selectionDifferences), \"unresolvedDifferences\": \($0.unresolvedDifferences)}"
            }
            return
                "    {\"length\": \(row.length), \"dense\": \(Self.json(row.dense)), \"sparse\": \(Self.json(row.sparse)), \"speedup\": \(row.speedup), \"agreement\": \(agreement ?? "null")}"
        }
        return """
            {
              "phase": "\(options.phase.rawValue)",
              "machine": {"processor": \(Self.quoted(machine.processor)), "cores": \(machine.cores), "blas": {"name": \(Self.quoted(blas.name)), "version": \(Self.quoted(blas.version)), "core": \(Self.quoted(blas.core)), "environment": {\(environment.joined(separator: ", "))}}},
              "dimensions": {"heads": \(d.heads), "latent": \(d.latent), "rope": \(d.rope), "indexHeads": \(d.indexHeads), "indexWidth": \(d.indexWidth), "topK": \(d.topK)},
              "runs": \(options.runs),
              "isComplete": \(isComplete),
              "rows": [
            \(rows.joined(separator: ",\n"))
              ],
              "growth": {"fittedFrom": \(fittedRows.first.map { "\($0.length)" } ?? "null"), "dense": \(Self.json(denseGrowth)), "sparse": \(Self.json(sparseGrowth))}
            }
            """
    }

    private static func json(_ timing: MeasuredTime) -> String {
        "{\"median\": \(timing.median), \"least\": \(timing.least), \"most\": \(timing.most), \"runs\": \(timing.runs)}"
    }
    private static func json(_ fit: GrowthFit?) -> String {
        fit.map { "{\"exponent\": \($0.exponent), \"residual\": \($0.residual)}" } ?? "null"
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 32: "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }
}
