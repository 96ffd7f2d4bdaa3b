import FileTesting
import Foundation
import ModelFiles
import Testing
import Traces

@Suite(.serialized) struct WholeFileTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test func `a file replaces the earlier one and leaves nothing beside it`() throws {
        let path = try folder.write("a.txt", "old")
        try WholeFile.write(path, "new")
        #expect(try text(path) == "new")
        #expect(folder.names == ["a.txt"])
    }

    @Test func `a failure half way keeps the earlier file and removes the new one`() throws {
        let path = try folder.write("a.txt", "old")
        #expect(
            problem {
                try WholeFile.write(path) { stream throws(FileError) in
                    try stream.write([UInt8](repeating: 65, count: 1_000_000))
                    throw FileError(.badData, "x", "stopped")
                }
            } == "badData: stopped")
        #expect(try text(path) == "old")
        #expect(folder.names == ["a.txt"])
    }

    @Test func `an interrupted program can remove what it was writing`() throws {
        let path = folder.path + "/a.txt"
        let found = problem {
            try WholeFile.write(path) { stream throws(FileError) in
                try stream.write("x")
                try stream.finish()
                WholeFile.discardUnfinished()
            }
        }
        #expect(found == "cannotWrite: cannot be written: No such file or directory")
        #expect(folder.names == [])
    }

    @Test func `the permissions of the earlier file are kept, and a link is followed`() throws {
        let path = try folder.write("a.txt", "old")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: path)
        try WholeFile.write(folder.path + "/link", "new")
        #expect(try text(path) == "new")
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link") == path)
    }

    @Test func `a folder that is missing, or is a file, cannot be written into`() throws {
        let file = try folder.write("a.txt", "")
        #expect(
            problem { try WholeFile.write(folder.path + "/none/a", "x") } == "cannotWrite: cannot be written: No such file or directory")
        #expect(problem { try WholeFile.write(file + "/b", "x") } == "cannotWrite: cannot be written: Not a directory")
        #expect(problem { try WholeFile.write(folder.path, "x") } == "cannotWrite: expected a file name, found a folder")
        #expect(folder.names == ["a.txt"])
    }

    @Test func `asking whether folders can be made says what writing would, and leaves nothing`() throws {
        let file = try folder.write("a.txt", "")
        #expect(
            problem { try WholeFile.check(creatingFolders: file + "/b/c") }
                == "cannotWrite: its folder cannot be made: Not a directory")
        let long = folder.path + "/new/" + String(repeating: "x", count: 300)
        let found = problem { try WholeFile.check(creatingFolders: long + "/c") }
        #expect(found == "cannotWrite: its folder cannot be made: File name too long")
        #expect(problem { try WholeFile.write(long + "/c", creatingFolders: [1]) } == found)
        #expect(problem { try WholeFile.check(creatingFolders: folder.path + "/one/two/c") } == "no error")
        #expect(folder.names == ["a.txt"])
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func `a full disk is an error, not silence`() {
        #expect(problem { try WholeFile.write("/dev/full", "x") } == "cannotWrite: cannot be written: No space left on device")
        #expect(
            problem { try WholeFile.write("/dev/full", [UInt8](repeating: 0, count: 1 << 20)) }
                == "cannotWrite: cannot be written: No space left on device")
        #expect(problem { try WholeFile.write("/dev/null", "x") } == "no error")
    }

    @Test func `a closed pipe is told apart`() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }
        let descriptor = ends[1]
        #expect(
            problem {
                var stream = ByteStream(descriptor: descriptor, name: "pipe")
                try stream.write("x")
                try stream.finish()
            } == "closedPipe: cannot be written: Broken pipe")
    }
}
