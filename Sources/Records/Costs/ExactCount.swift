// Counts that may be large: 2^40 tokens, squared, times a model's width, pass 2^63. They are whole numbers of 128 bits, and what
// passes even those is an error, never a trap.

import Traces

/// A whole number of operations, bytes or tokens.
public typealias ExactCount = Int128

enum Exactly {
    /// The product; throws about `subject` if it needs more than 127 bits.
    static func product(_ subject: String, _ factors: ExactCount...) throws(EngineError) -> ExactCount {
        var result: ExactCount = 1
        for factor in factors {
            let (next, overflow) = result.multipliedReportingOverflow(by: factor)
            guard !overflow else { throw tooLarge(subject) }
            result = next
        }
        return result
    }

    /// The sum; throws about `subject` if it needs more than 127 bits.
    static func sum(_ subject: String, _ terms: ExactCount...) throws(EngineError) -> ExactCount {
        var result: ExactCount = 0
        for term in terms {
            let (next, overflow) = result.addingReportingOverflow(term)
            guard !overflow else { throw tooLarge(subject) }
            result = next
        }
        return result
    }

    /// 1 + 2 + … + n.
    static func triangle(_ subject: String, _ n: ExactCount) throws(EngineError) -> ExactCount {
        n % 2 == 0 ? try product(subject, n / 2, n + 1) : try product(subject, n, n / 2 + 1)
    }

    /// A length as a count; throws if it is negative.
    static func length(_ n: Int, _ subject: String = "length") throws(EngineError) -> ExactCount {
        guard n >= 0 else { throw EngineError(.value, subject, expected: "0 or more tokens", found: "\(n)") }
        return ExactCount(n)
    }

    private static func tooLarge(_ subject: String) -> EngineError {
        EngineError(.value, subject, expected: "a count below 2^127", found: "a larger one")
    }
}
