// The first touch of a page of new memory costs about as much as computing what is put there. Linux gives pages of 2 MB instead of 4 KB to those who
// ask; elsewhere nothing is asked.

#if canImport(Glibc)
    import Glibc
#endif

extension UnsafeMutableBufferPointer<Double> {
    /// Asks for large pages under a large array. It is a wish: nothing depends on its being granted.
    func preferLargePages() {
        #if canImport(Glibc)
            let (large, page) = (1 << 21, 1 << 12)
            guard let base = baseAddress, count >= 2 * large / MemoryLayout<Double>.stride else { return }
            let start = (Int(bitPattern: base) + page - 1) & -page
            let end = Int(bitPattern: base + count) & -page
            _ = madvise(UnsafeMutableRawPointer(bitPattern: start), end - start, MADV_HUGEPAGE)
        #endif
    }
}
