// What a case is read from: settings, and tensors by name. A file has them, and so has the text in a page; both are held to the same.

package import Traces

/// Tensors by name.
package protocol CaseTensors {
    /// What errors call the whole: a file's path.
    var path: String { get }
    /// The names of the tensors, sorted.
    var names: [String] { get }
    /// The lengths of a tensor, outermost first; throws if there is none of this name.
    func lengths(_ name: String) throws(FileError) -> [Int]
    /// A tensor's values as Doubles; throws unless it has exactly this shape.
    func tensor(_ name: String, _ shape: Shape) throws(FileError) -> Tensor
}

/// What a case of one kind consists of. A setting or a tensor besides would have been meant to change the result, and the engine would not have heard
/// of it: it is refused by name. And how large a case may be.
package struct CaseParts {
    /// The kind's name.
    package let kind: String
    /// Names of settings.
    package let settings: Set<String>
    /// Names of inputs and weights.
    package let tensors: Set<String>

    /// The parts of a kind.
    package init(_ kind: String, settings: Set<String>, tensors: Set<String>) {
        (self.kind, self.settings, self.tensors) = (kind, settings, tensors)
    }

    /// The most scores of one attention, over all heads: each of the steps that hold them takes at most 256 MB.
    package static let mostScores = 1 << 25
    /// The most values that the tensors of a case have together: 1 GB as Doubles.
    package static let mostValues = 1 << 27

    /// Throws, naming it, for a setting or a tensor that this kind of case does not have; `expected.` values are for whoever compares.
    package func check(_ config: Settings, _ file: some CaseTensors) throws(FileError) {
        if let name = config.names.first(where: { !settings.contains($0) && config.has($0) }) {
            let near = NearWords.hint(NearWords.of(name, in: settings.sorted()))
            throw config.failure(name, expected: "no such setting in a case of kind \(kind)\(near)")
        }
        if let name = file.names.first(where: { !tensors.contains($0) && !$0.hasPrefix("expected.") }) {
            let near = NearWords.hint(NearWords.of(name, in: tensors.sorted()))
            throw FileError(.badData, file.path, "\(name): a case of kind \(kind) has no such tensor\(near)")
        }
    }

    /// Throws for an attention of more scores than fit: `heads` heads over `length` tokens.
    package static func checkScores(heads: Int, length: Int, file: String) throws(FileError) {
        let (pairs, overflows) = length.multipliedReportingOverflow(by: length)
        let (scores, overflow) = pairs.multipliedReportingOverflow(by: heads)
        guard !overflows, !overflow, scores <= mostScores else {
            throw FileError(.badData, file, "expected at most \(mostScores) scores, found \(heads) heads over \(length) tokens")
        }
    }
}

extension Settings {
    /// The format of scales that `quant_scale` names.
    package func scaleFormat() throws(FileError) -> ScaleFormat {
        guard let format = ScaleFormat(rawValue: try text("quant_scale")) else {
            throw failure("quant_scale", expected: ScaleFormat.allCases.map { $0.rawValue }.joined(separator: " or "))
        }
        return format
    }
}
