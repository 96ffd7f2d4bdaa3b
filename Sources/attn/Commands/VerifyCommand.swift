// attn verify: reference cases against the engine.

public import ArgumentParser
internal import ModelFiles
public import ReferenceCases
internal import Traces

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compute reference cases and compare every expected tensor.",
        discussion: "Example: attn verify Tests/ModelFilesTests/Fixtures/attention-plain.safetensors")

    @Argument(help: ArgumentHelp("Reference cases.", valueName: "file.safetensors"))
    var files: [String]

    @Flag(help: "Print the checks as JSON.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "The largest relative error that is right; codes, scales and selections must be identical unless --precision allows for rounding. (default: \(ReferenceCase.tolerance))"
        ))
    var tolerance: Double?

    @Option(
        help:
            "What the expected values were computed in: what its rounding explains passes, selections too. By default what they are stored in; with --tolerance f64."
    )
    var precision: ReferenceCase.Precision?

    func validate() throws {
        guard let tolerance else { return }
        guard tolerance >= 0, tolerance.isFinite else {
            throw ValidationError("--tolerance: expected a finite number of at least 0, found \(tolerance)")
        }
    }

    /// All files are tried; the largest exit code is returned.
    func run() throws {
        var worst = ExitStatus.done
        var results: [(file: String, kind: String, checks: [Check])] = []
        for file in files {
            do {
                let reference = try ReferenceCase(path: file)
                let checks = try reference.verify(
                    tolerance: tolerance ?? ReferenceCase.tolerance,
                    precision: precision ?? (tolerance == nil ? reference.storedPrecision : .f64))
                guard !checks.isEmpty else { throw FileError(.badData, file, "expected tensors called expected.*, found none") }
                results.append((file, reference.kind.rawValue, checks))
                if !checks.allSatisfy(\.passed) { worst = max(worst, .checkFailed) }
                if !json { try Output.print(Self.text(file, checks)) }
            } catch {
                guard let (status, message) = ExitStatus.known(error), status != .done else { throw error }
                Output.complain(message)
                worst = max(worst, status)
            }
        }
        if json { try Output.print(JSONText.array(results.map(Self.json))) }
        if worst != .done { throw ExitCode(worst.rawValue) }
    }

    private static func text(_ file: String, _ checks: [Check]) -> [String] {
        let failed = checks.filter { !$0.passed }
        let largest = checks.map(\.maxRelativeError).max() ?? 0
        let verdict = failed.isEmpty ? "passed" : "FAILED"
        let rounded = checks.count { $0.verdict == .rounding }
        let rounding = failed.isEmpty && rounded > 0 ? "; \(rounded) of them as near as rounding lets them" : ""
        let summary =
            "\(verdict)  \(file): \(checks.count - failed.count) of \(checks.count) tensors agree, largest relative error \(NumberText.significant(largest, digits: 2))\(rounding)"
        return [summary]
            + failed.map { check in
                let place = "\(check.name)[\(check.worstIndex.map(String.init).joined(separator: ","))]"
                return "  "
                    + (check.problem.map { "\(place): \($0)" }
                        ?? "\(place): off by \(NumberText.significant(check.maxAbsoluteError, digits: 3)), relative \(NumberText.significant(check.maxRelativeError, digits: 3))")
            }
    }

    private static func verdict(_ checks: [Check]) -> Verdict {
        checks.allSatisfy(\.passed) ? checks.contains { $0.verdict == .rounding } ? .rounding : .right : .wrong
    }

    private static func json(_ result: (file: String, kind: String, checks: [Check])) -> JSONText {
        let checks = result.checks.map { check in
            JSONText.object([
                ("name", .string(check.name)), ("shape", .integers(check.shape)), ("maxAbsoluteError", .number(check.maxAbsoluteError)),
                ("maxRelativeError", .number(check.maxRelativeError)), ("worstIndex", .integers(check.worstIndex)),
                ("identical", .bool(check.identical)),
                ("passed", .bool(check.passed)), ("verdict", .string(check.verdict.rawValue)),
            ])
        }
        return .object([
            ("file", .string(result.file)), ("kind", .string(result.kind)), ("passed", .bool(result.checks.allSatisfy(\.passed))),
            ("verdict", .string(Self.verdict(result.checks).rawValue)), ("checks", .array(checks)),
        ])
    }
}

extension ReferenceCase.Precision: ExpressibleByArgument {}

extension ExitStatus: Comparable {
    static func < (a: ExitStatus, b: ExitStatus) -> Bool { a.rawValue < b.rawValue }
}
