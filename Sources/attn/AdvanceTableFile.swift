// Text measured as pages measure it, so that a scene that the command writes is the one that a page makes, on every machine.

import Diagrams
import ModelFiles
import Traces

extension AdvanceTable {
    /// The table that comes with the program.
    init(home: String?) throws {
        let path = try ResourceFolder(named: home).path + "/assets/fonts/advances.json"
        let table = try WholeFile.read(path).withUnsafeBytes { bytes in
            try JSONReader.read(bytes, file: path) { reader throws(FileError) in try Settings(file: path, reader: &reader) }
        }
        try self.init(table)
    }
}
