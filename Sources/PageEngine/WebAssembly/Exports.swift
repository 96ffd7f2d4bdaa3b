// The functions that page-engine.wasm exports. A page asks `page_allocate` for room, writes a request there, calls `page_load` once and then
// `page_steps`, `page_explanation`, `page_readouts` or `page_scene`; each hands back where its answer begins, and `page_answer_length` how long it is. An answer stays
// until the next request. `page_serve` does the same for whoever has no page: a request a line on standard input, an answer a line on standard output.

import CPage
import Diagrams
import Mechanisms
import Traces

/// What stays between two requests. A page has one thread.
private enum Memory {
    nonisolated(unsafe) static var engine: PageEngine?
    nonisolated(unsafe) static var answer = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
}

/// The functions by number, as `page_serve` names them in front of each request.
private func answer(_ function: UInt8, _ request: [UInt8]) -> [UInt8] {
    do throws(PageError) {
        if function == UInt8(ascii: "l") {
            Memory.engine = try PageEngine(loading: request)
            return Array("{}".utf8)
        }
        guard Memory.engine != nil else { return Array("{\"error\": \"page_load comes first\"}".utf8) }
        switch function {
        case UInt8(ascii: "t"): return try Memory.engine!.steps(request)
        case UInt8(ascii: "e"): return try Memory.engine!.explanation(request)
        case UInt8(ascii: "r"): return try Memory.engine!.readouts(request)
        default: return try Memory.engine!.scene(request)
        }
    } catch { return error.json }
}

private func hand(_ function: UInt8, _ start: UnsafePointer<UInt8>, _ count: Int) -> UnsafePointer<UInt8> {
    let bytes = answer(function, Array(UnsafeBufferPointer(start: start, count: count)))
    Memory.answer.deallocate()
    Memory.answer = .allocate(capacity: bytes.count)
    _ = Memory.answer.initialize(from: bytes)
    return UnsafePointer(Memory.answer.baseAddress!)
}

/// Room for a request of `count` bytes; `page_release` gives it back.
@_cdecl("page_allocate") public func pageAllocate(_ count: Int) -> UnsafeMutablePointer<UInt8> { .allocate(capacity: count) }
/// Gives back what `page_allocate` gave.
@_cdecl("page_release") public func pageRelease(_ start: UnsafeMutablePointer<UInt8>) { start.deallocate() }
/// The length of the last answer in bytes.
@_cdecl("page_answer_length") public func pageAnswerLength() -> Int { Memory.answer.count }
/// Takes the diary, the table of advances and cases.
@_cdecl("page_load") public func pageLoad(_ start: UnsafePointer<UInt8>, _ count: Int) -> UnsafePointer<UInt8> {
    hand(UInt8(ascii: "l"), start, count)
}
/// The steps of a run.
@_cdecl("page_steps") public func pageSteps(_ start: UnsafePointer<UInt8>, _ count: Int) -> UnsafePointer<UInt8> {
    hand(UInt8(ascii: "t"), start, count)
}
/// Why a cell has its value.
@_cdecl("page_explanation") public func pageExplanation(_ start: UnsafePointer<UInt8>, _ count: Int) -> UnsafePointer<UInt8> {
    hand(UInt8(ascii: "e"), start, count)
}
/// What stands beside a panel, and whether a goal is met.
@_cdecl("page_readouts") public func pageReadouts(_ start: UnsafePointer<UInt8>, _ count: Int) -> UnsafePointer<UInt8> {
    hand(UInt8(ascii: "r"), start, count)
}
/// The scene of a figure.
@_cdecl("page_scene") public func pageScene(_ start: UnsafePointer<UInt8>, _ count: Int) -> UnsafePointer<UInt8> {
    hand(UInt8(ascii: "s"), start, count)
}

/// Answers lines from standard input until it ends: a letter for the function (l, t, e, r, s), then the request.
@_cdecl("page_serve") public func pageServe() {
    var line: [UInt8] = []
    while true {
        let byte = page_read()
        if byte < 0 { return }
        if byte != 10 {
            line.append(UInt8(byte))
            continue
        }
        // The text of a trace has line ends between its steps, where a space says the same.
        for byte in answer(line.first ?? 0, Array(line.dropFirst())) { page_write(byte == 10 ? 32 : Int32(byte)) }
        page_write(10)
        line = []
    }
}
