// A tokenizer without a model, for tests: `TokenizerHost TOKENIZER.json` reads texts, one a line as JSON writes it, and prints for each a list of four:
// its ids, those without what the template adds, and the bytes that they decode to, without special tokens and with them.

import ModelFiles
import Traces

@main
struct TokenizerHost {
    static func main() throws {
        let tokenizer = try Tokenizer(path: CommandLine.arguments[1])
        while let line = readLine() {
            let text = try Array(line.utf8).withUnsafeBytes { bytes in
                try JSONReader.read(bytes, file: "standard input") { reader throws(FileError) in try reader.string() }
            }
            let ids = tokenizer.encode(text)
            let bytes = [true, false].map { tokenizer.decode(ids, skipSpecial: $0).utf8.map(Int.init) }
            print([ids, tokenizer.encode(text, addSpecial: false)] + bytes)
        }
    }
}
