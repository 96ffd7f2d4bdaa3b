// Rows and bytes that are read for each new token, against sums done by hand and the closed forms of the cache.

import Records
import Testing
import Traces

@Suite struct RowsTouchedTests {
    private let dense = Result { AttentionCosts(try Published.latent(indexer: false)) }
    private let sparse = Result { AttentionCosts(try Published.latent(indexer: true)) }

    @Test(arguments: [1, 2047, 2048, 2049, 131_072]) func `a decoded token reads what the cache says that it reads`(length: Int) throws {
        for costs in [try dense.get(), try sparse.get()] {
            let reads = try RowsTouched.decode(costs, visible: length)
            #expect(try reads.cache.bytes + (reads.index?.bytes ?? 0) == costs.decodeReads(visible: length, format: .bf16))
            #expect(reads.cache.rows + reads.cache.skipped == ExactCount(length))
            #expect(reads.bytesPerToken == Double(reads.weights.bytes) + Double(reads.cache.bytes) + Double(reads.index?.bytes ?? 0))
        }
    }

    @Test func `a model with indexer touches top-k rows and every index key`() throws {
        let reads = try RowsTouched.decode(sparse.get(), visible: 131_072)
        #expect(reads.cache.rows == 2048 && reads.cache.skipped == 129_024 && reads.index?.rows == 131_072 && reads.index?.skipped == 0)
        #expect(reads.cache.width == 1152 && reads.index?.width == 132)
        #expect(try RowsTouched.decode(sparse.get(), visible: 131_072, format: .fp8).cache.width == 656)
        #expect(try RowsTouched.decode(dense.get(), visible: 131_072).index == nil)
    }

    @Test func `a prompt shares each reading among its tokens`() throws {
        let (one, all) = (try RowsTouched.decode(dense.get(), visible: 1000), try RowsTouched.prefill(dense.get(), length: 1000))
        #expect(all.weights.bytes == one.weights.bytes && all.weights.bytesPerToken == Double(one.weights.bytes) / 1000)
        #expect(all.cache.rowsPerToken == 1 && one.cache.rowsPerToken == 1000 && all.weights.rowsPerToken == 0.001)
        // Two bytes for each of the published parameters of a layer.
        #expect(try one.weights.bytes == 2 * dense.get().parameters().total)
        let first = try RowsTouched.prefill(sparse.get(), length: 1)
        #expect(first.bytesPerToken == (try RowsTouched.decode(sparse.get(), visible: 1)).bytesPerToken)
    }

    @Test func `no tokens, and more than can be counted, are refused`() throws {
        let costs = try dense.get()
        #expect(throws: EngineError(.value, "length", expected: "1 or more tokens", found: "0")) {
            try RowsTouched.prefill(costs, length: 0)
        }
        #expect(throws: EngineError(.value, "length", expected: "1 or more tokens", found: "-1")) {
            try RowsTouched.decode(costs, visible: -1)
        }
    }
}
