// Where a Hugging Face config.json says how positions are rotated: at its top, in `rope_parameters` (newer files) or in `rope_scaling` (older
// ones). All places are read; two that disagree are refused, and so is a kind of rotation that the engine does not compute.

package import Traces

/// The base of rotary embedding that a configuration asks for.
package struct RotarySettings {
    /// θ of the frequencies.
    package let theta: Double

    /// Looks in all places; throws if two disagree, or for another kind of rotation.
    package init(_ config: Settings) throws(FileError) {
        var found: (value: Double, place: String)?
        func note(_ settings: Settings, _ place: String) throws(FileError) {
            guard settings.has("rope_theta") else { return }
            let theta = try settings.number("rope_theta")
            if let found, found.value != theta {
                throw FileError(.badData, config.file, "\(place): expected \(found.value) as \(found.place) says, found \(theta)")
            }
            found = found ?? (theta, place)
        }
        try note(config, "rope_theta")
        for name in ["rope_parameters", "rope_scaling"] {
            guard let rope = try config.object(name) else { continue }
            let older = try rope.text("type", default: "default")
            let kind = try rope.text("rope_type", default: older)
            guard !rope.has("type") || older == kind else { throw rope.failure("type", expected: "\"\(kind)\" as rope_type says") }
            guard kind == "default" else {
                throw FileError(.badData, config.file, "\(name): expected none or \"default\", found \"\(kind)\"")
            }
            for field in ["factor", "partial_rotary_factor"] where rope.has(field) {
                guard try rope.number(field) == 1 else { throw rope.failure(field, expected: "1 or none beside \"default\"") }
            }
            let known = ["rope_theta", "rope_type", "type", "factor", "partial_rotary_factor", "original_max_position_embeddings"]
            if let other = rope.names.first(where: { !known.contains($0) && rope.has($0) }) {
                throw rope.failure(other, expected: "none beside \"default\"")
            }
            try note(rope, "\(name).rope_theta")
        }
        theta = found?.value ?? 10000
    }
}
