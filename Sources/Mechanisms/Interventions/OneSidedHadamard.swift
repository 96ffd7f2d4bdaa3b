// The Hadamard rotation of queries, forgotten on keys. Turning both changes no dot product; turning one changes them all.

public import Traces

extension Intervention {
    /// Keys are not turned.
    public static let hadamardQueryOnly = Intervention(
        "hadamard-query-only", on: "a Hadamard rotation of queries and keys", .leavingOut(.indexKeyRotated))
}
