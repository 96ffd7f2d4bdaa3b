// Files that are something else than their name says, named as what they are: a pointer of Git LFS, a web page, a pickle.

import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

enum ForeignFile {
    /// What a file that begins with these bytes is instead, and what to do; nil if nothing is known of it.
    static func name(_ bytes: UnsafeRawBufferPointer) -> String? {
        let head = Array(bytes.prefix(64))
        // A safetensors file begins with the length of its header, which may be any number; the header itself is told by its first character.
        if head.count > 8, head[8] == UInt8(ascii: "{") { return nil }
        let text = String(decoding: head, as: UTF8.self).lowercased()
        if text.hasPrefix("version https://git-lfs") {
            return "a pointer of Git LFS, not the file that it stands for: fetch it with git lfs pull"
        }
        if text.hasPrefix("<!doctype") || text.hasPrefix("<html") { return "a web page: the download went wrong" }
        if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return "a zip archive, perhaps PyTorch's pickles: needed is a safetensors file" }
        if head.count > 1, head[0] == 0x80, (2...5).contains(head[1]) { return "a pickle, which is not read: needed is a safetensors file" }
        if head.starts(with: Array("GGUF".utf8)) { return "a GGUF file: needed is a safetensors file" }
        return nil
    }

    /// Whether there is something of this name.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether there is a regular file of this name.
    static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// What is said where `wanted` is not in a folder: what is there instead, and what is needed; nil if nothing there is known.
    static func instead(of wanted: String, in folder: String) -> String? {
        if exists("\(folder)/\(wanted)") { return nil }
        func exists(_ name: String) -> Bool { self.exists("\(folder)/\(name)") }
        if exists("snapshots") { return "expected \(wanted), found the root of a download cache: name a folder under snapshots" }
        for pickle in ["pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.00.pth"] where exists(pickle) {
            return "expected \(wanted), found only \(pickle), a pickle, which is not read"
        }
        return adapter(in: folder).map { "expected \(wanted), found only \($0), an adapter to another model" }
    }

    /// The file of an adapter in a folder; nil if there is none.
    static func adapter(in folder: String) -> String? {
        ["adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"].first { exists("\(folder)/\($0)") }
    }
}
