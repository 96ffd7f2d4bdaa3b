// A measurement as JSON (schema/measure.schema.json): times in seconds, fields in a fixed order.

import Records
public import Traces

extension MeasurementReport {
    /// `{"phase", "machine", "dimensions", "runs", "isComplete", "rows": [{"length", "dense", "sparse", "speedup", "agreement"}],
    /// "growth": {"fittedFrom", "dense", "sparse"}}`; times in seconds.
    public var json: JSONText {
        let d = options.dimensions
        return .object([
            ("phase", .string(options.phase.rawValue)),
            ("machine", machine.json),
            (
                "dimensions",
                .object([
                    ("heads", .integer(d.heads)), ("latent", .integer(d.latent)), ("rope", .integer(d.rope)),
                    ("indexHeads", .integer(d.indexHeads)), ("indexWidth", .integer(d.indexWidth)), ("topK", .integer(d.topK)),
                ])
            ),
            ("runs", .integer(options.runs)),
            ("isComplete", .bool(isComplete)),
            ("rows", .array(rows.map { $0.json })),
            (
                "growth",
                .object([
                    ("fittedFrom", fittedRows.first.map { .integer($0.length) } ?? .null),
                    ("dense", denseGrowth?.json ?? .null), ("sparse", sparseGrowth?.json ?? .null),
                ])
            ),
        ])
    }
}

extension MeasurementReport.Row {
    fileprivate var json: JSONText {
        .object([
            ("length", .integer(length)), ("dense", dense.json), ("sparse", sparse.json), ("speedup", .number(speedup)),
            ("agreement", agreement?.json ?? .null),
        ])
    }
}

extension Machine {
    fileprivate var json: JSONText {
        let environment = blas.environment.sorted { $0.key < $1.key }.map { ($0.key, JSONText.string($0.value)) }
        return .object([
            ("processor", .string(processor)), ("cores", .integer(cores)),
            (
                "blas",
                .object([
                    ("name", .string(blas.name)), ("version", .string(blas.version)), ("core", .string(blas.core)),
                    ("environment", .object(environment)),
                ])
            ),
        ])
    }
}

extension Agreement {
    fileprivate var json: JSONText {
        .object([
            ("dense", .number(dense)), ("sparse", .number(sparse)), ("selectionDifferences", .integer(selectionDifferences)),
            ("unresolvedDifferences", .integer(unresolvedDifferences)),
        ])
    }
}

extension MeasuredTime {
    fileprivate var json: JSONText {
        .object([("median", .number(median)), ("least", .number(least)), ("most", .number(most)), ("runs", .integer(runs))])
    }
}

extension GrowthFit {
    fileprivate var json: JSONText { .object([("exponent", .number(exponent)), ("residual", .number(residual))]) }
}
