// The members of a zip archive (PKWARE's APPNOTE 6.3, with its 64-bit extension), stored or deflated: what a .npz file is. Nothing in it is believed:
// every offset is checked, sizes are bounded before anything is unpacked, and what was unpacked must have the length and the CRC-32 that were said.

import Traces

internal import CZlib

struct ZipArchive: Sendable {
    /// One member, as the directory at the end of the file describes it.
    struct Member: Sendable {
        let name: String
        let isDeflated: Bool
        let checksum: UInt32
        /// Its bytes in the file, packed or not.
        let range: Range<Int>
        /// Its bytes once unpacked.
        let size: Int
    }

    let file: MappedFile
    private let entries: [Entry]
    /// The names of all members, in their order.
    var names: [String] { entries.map(\.name) }

    /// More would be no archive of arrays.
    static let mostMembers = 65_536
    /// The most bytes that a packed member may have when unpacked.
    static let mostUnpacked = 1 << 30
    /// Deflate packs at most 258 bytes into 2 bits.
    private static let densest = 1032

    private struct Entry: Sendable {
        let name: String
        let flags: Int
        let method: Int
        let checksum: UInt32
        let packed: Int
        let size: Int
        let header: Int
    }

    static let magic: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

    init(_ file: MappedFile) throws(FileError) {
        self.file = file
        let fields = Fields(file: file)
        let (count, start, end) = try Self.directory(fields)
        guard count <= Self.mostMembers else {
            throw FileError(.badData, file.path, "expected at most \(Self.mostMembers) members, found \(count)")
        }
        var entries: [Entry] = []
        var names: Set<String> = []
        var at = start
        for _ in 0..<count {
            let (entry, next) = try Self.entry(fields, at, end)
            guard names.insert(entry.name).inserted else {
                throw FileError(.badData, file.path, "\(entry.name): this name appears twice")
            }
            entries.append(entry)
            at = next
        }
        self.entries = entries
    }

    // MARK: The directory

    /// How many members there are, and where the directory of them stands.
    private static func directory(_ fields: Fields) throws(FileError) -> (count: Int, start: Int, end: Int) {
        let size = fields.file.bytes.count
        // The record at the end is followed by a comment whose length it says.
        let first = max(0, size - 22 - 0xFFFF)
        func isEnd(_ at: Int) throws(FileError) -> Bool {
            guard try fields.number(at, 4) == 0x0605_4B50 else { return false }
            return try fields.number(at + 20, 2) == size - at - 22
        }
        var place = size - 22
        while place >= first {
            if try isEnd(place) { break }
            place -= 1
        }
        guard place >= first else {
            throw FileError(.badData, fields.file.path, "expected a zip archive, found no directory at its end: the file is truncated")
        }
        var (count, length, start) = (try fields.number(place + 10, 2), try fields.number(place + 12, 4), try fields.number(place + 16, 4))
        var end = place
        if count == 0xFFFF || length == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
            guard place >= 20, try fields.number(place - 20, 4) == 0x0706_4B50 else {
                throw fields.failure("its 64-bit directory is missing")
            }
            end = try fields.number(place - 12, 8)
            guard try fields.number(end, 4) == 0x0606_4B50 else { throw fields.failure("its 64-bit directory is not where it should be") }
            (count, length, start) = (try fields.number(end + 32, 8), try fields.number(end + 40, 8), try fields.number(end + 48, 8))
        }
        let (reach, overflows) = start.addingReportingOverflow(length)
        guard !overflows, reach <= end else { throw fields.failure("its directory reaches beyond its end") }
        return (count, start, reach)
    }

    private static func entry(_ fields: Fields, _ at: Int, _ end: Int) throws(FileError) -> (Entry, next: Int) {
        guard at <= end - 46, try fields.number(at, 4) == 0x0201_4B50 else {
            throw fields.failure("its directory has fewer members than it says")
        }
        let lengths = (name: try fields.number(at + 28, 2), extra: try fields.number(at + 30, 2), comment: try fields.number(at + 32, 2))
        let extra = at + 46 + lengths.name
        let next = extra + lengths.extra + lengths.comment
        guard next <= end else { throw fields.failure("its directory is cut short") }
        let name = String(decoding: fields.file.bytes[at + 46..<extra], as: UTF8.self)
        var sizes = [try fields.number(at + 24, 4), try fields.number(at + 20, 4), try fields.number(at + 42, 4)]
        // What does not fit into 32 bits stands in an extra field of the kind 1, in this order.
        if sizes.contains(0xFFFF_FFFF) {
            var wide = try fields.wide(extra, lengths.extra)
            for i in sizes.indices where sizes[i] == 0xFFFF_FFFF {
                guard let size = wide.popLast() else { throw fields.failure("\(name): expected its sizes in 64 bits") }
                sizes[i] = size
            }
        }
        let entry = Entry(
            name: name, flags: try fields.number(at + 8, 2), method: try fields.number(at + 10, 2),
            checksum: UInt32(try fields.number(at + 16, 4)), packed: sizes[1], size: sizes[0], header: sizes[2])
        return (entry, next)
    }

    // MARK: Members

    /// The member of that name, where it is; throws if it is packed in a way that is not read, or its sizes cannot be.
    func member(_ name: String) throws(FileError) -> Member? {
        guard let entry = entries.first(where: { $0.name == name }) else { return nil }
        let fields = Fields(file: file)
        func failure(_ problem: String) -> FileError { fields.failure("\(name): \(problem)") }
        guard entry.flags & 1 == 0 else { throw failure("it is encrypted") }
        guard entry.method == 0 || entry.method == 8 else {
            throw failure("expected a member that is stored or deflated, found method \(entry.method)")
        }
        guard try fields.number(entry.header, 4) == 0x0403_4B50 else { throw failure("it is not where the directory says") }
        let start = entry.header + 30 + (try fields.number(entry.header + 26, 2)) + (try fields.number(entry.header + 28, 2))
        let (end, overflows) = start.addingReportingOverflow(entry.packed)
        guard !overflows, end <= file.bytes.count else { throw failure("expected \(entry.packed) bytes: the file is truncated") }
        if entry.method == 0 {
            guard entry.size == entry.packed else { throw failure("stored, but of two sizes: \(entry.packed) and \(entry.size) bytes") }
        } else {
            guard entry.size <= Self.mostUnpacked else {
                throw failure(
                    "expected at most \(NumberText.grouped(Self.mostUnpacked)) bytes when unpacked, found \(NumberText.grouped(entry.size)): numpy.savez writes it unpacked"
                )
            }
            guard entry.size / Self.densest <= entry.packed else {
                throw failure("it says \(entry.size) bytes, more than its \(entry.packed) packed ones can hold")
            }
        }
        return Member(
            name: name, isDeflated: entry.method == 8, checksum: entry.checksum, range: start..<end, size: entry.size)
    }

    private func packed(_ member: Member) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[member.range]) }

    /// The first bytes of a member, `count` or as many as it has.
    func beginning(of member: Member, _ count: Int) throws(FileError) -> [UInt8] {
        let count = min(count, member.size)
        if !member.isDeflated { return withExtendedLifetime(file) { Array(packed(member).prefix(count)) } }
        return try unpacked(member, count)
    }

    /// The bytes of a deflated member, all of them, checked.
    func unpacked(_ member: Member) throws(FileError) -> [UInt8] {
        let bytes = try unpacked(member, member.size)
        try bytes.withUnsafeBytes { bytes in Result { () throws(FileError) in try check(member, bytes) } }.get()
        return bytes
    }

    /// Throws unless the bytes of a stored member have the checksum that was said.
    func check(_ member: Member) throws(FileError) { try check(member, packed(member)) }

    private func check(_ member: Member, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        let sum = crc32_z(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
        guard UInt32(truncatingIfNeeded: sum) == member.checksum else {
            throw FileError(.badData, file.path, "\(member.name): its checksum is wrong: the file is damaged")
        }
    }

    /// The first `count` bytes of a deflated member; where that is all of it, it must end there.
    private func unpacked(_ member: Member, _ count: Int) throws(FileError) -> [UInt8] {
        let isWhole = count == member.size
        var isGood = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            // A byte more than is wanted: what goes on beyond the size that was said is told by it.
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1) { spare in
                isGood = inflate(packed(member), into: buffer, spare, isWhole: isWhole)
            }
            if isGood { filled = count }
        }
        guard isGood else {
            throw FileError(
                .badData, file.path, "\(member.name): expected \(member.size) deflated bytes, found others: the file is damaged")
        }
        return bytes
    }

    private func inflate(
        _ packed: UnsafeRawBufferPointer, into buffer: UnsafeMutableBufferPointer<UInt8>, _ spare: UnsafeMutableBufferPointer<UInt8>,
        isWhole: Bool
    ) -> Bool {
        var stream = z_stream()
        // Minus 15: deflate as it is, without a head of its own.
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return false }
        defer { inflateEnd(&stream) }
        // zlib counts in 32 bits, and takes no address of nothing.
        var (read, written) = (0, 0)
        while true {
            let (input, room) = (min(packed.count - read, 1 << 30), min(buffer.count - written, 1 << 30))
            let target = room > 0 ? buffer.baseAddress! + written : spare.baseAddress!
            let space = max(room, 1)
            stream.next_in = packed.baseAddress.map {
                UnsafeMutableRawPointer(mutating: $0 + read).assumingMemoryBound(to: UInt8.self)
            }
            (stream.avail_in, stream.next_out, stream.avail_out) = (UInt32(input), target, UInt32(space))
            let status = CZlib.inflate(&stream, Z_NO_FLUSH)
            read += input - Int(stream.avail_in)
            let made = space - Int(stream.avail_out)
            if room == 0, made > 0 { return false }
            written += made
            if status == Z_STREAM_END { return written == buffer.count && (!isWhole || read == packed.count) }
            if !isWhole, written == buffer.count { return true }
            guard status == Z_OK else { return false }
        }
    }

    /// Numbers of a file, the lowest byte first, none beyond its end.
    private struct Fields {
        let file: MappedFile

        func failure(_ problem: String) -> FileError { FileError(.badData, file.path, problem) }

        func number(_ at: Int, _ width: Int) throws(FileError) -> Int {
            guard at >= 0, at <= file.bytes.count - width else { throw failure("expected a zip archive: the file is truncated") }
            var number: UInt64 = 0
            for i in 0..<width { number |= UInt64(file.bytes[at + i]) << UInt64(8 * i) }
            return Int(clamping: number)
        }

        /// The numbers of the extra field of the kind 1, the first of them last.
        func wide(_ start: Int, _ length: Int) throws(FileError) -> [Int] {
            var at = start
            while at + 4 <= start + length {
                let (kind, size) = (try number(at, 2), try number(at + 2, 2))
                guard kind == 1 else {
                    at += 4 + size
                    continue
                }
                guard at + 4 + size <= start + length else { break }
                var numbers: [Int] = []
                for place in stride(from: at + 4, through: at + 4 + size - 8, by: 8) { numbers.append(try number(place, 8)) }
                return numbers.reversed()
            }
            return []
        }
    }
}
