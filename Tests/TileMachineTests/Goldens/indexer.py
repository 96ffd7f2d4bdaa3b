"""indexer: the lightning indexer's scores, I[t, s] = sum over heads h of w[t, h] ReLU(q[t, h] . k[s]); no mask."""

import numpy as np

queries, keys, heads, dim = 72, 200, 4, 32
block_Q, block_K = 64, 64
stages = 2


def program(machine):
    """The program for `machine`: one body for c, cuda, hip and metal, another for ascend."""
    if machine == "ascend":
        return program_on_ascend()
    import tilelang.language as T

    if machine == "c":
        alloc_shared, alloc_fragment, Parallel, dtype, threads = T.alloc_local, T.alloc_local, T.grid, "float32", {}
    else:
        alloc_shared, alloc_fragment, Parallel, dtype, threads = T.alloc_shared, T.alloc_fragment, T.Parallel, "float16", {"threads": 128}

    @T.prim_func
    def indexer(
        q: T.Tensor((queries, heads, dim), dtype),
        k: T.Tensor((keys, dim), dtype),
        w: T.Tensor((queries, heads), "float32"),
        out: T.Tensor((queries, keys), "float32"),
    ):
        with T.Kernel(T.ceildiv(keys, block_K), T.ceildiv(queries, block_Q), **threads) as (bx, by):
            k_shared = alloc_shared((block_K, dim), dtype)
            q_shared = alloc_shared((block_Q, dim), dtype)
            w_local = alloc_fragment((block_Q,), "float32")
            dots = alloc_fragment((block_Q, block_K), "float32")
            scores = alloc_fragment((block_Q, block_K), "float32")
            T.copy(k[bx * block_K : (bx + 1) * block_K, :], k_shared)
            T.clear(scores)
            for head in T.Pipelined(heads, num_stages=stages):
                T.copy(q[by * block_Q : (by + 1) * block_Q, head, :], q_shared)
                T.copy(w[by * block_Q : (by + 1) * block_Q, head], w_local)
                T.clear(dots)
                T.gemm(q_shared, k_shared, dots, transpose_B=True)
                for t, s in Parallel(block_Q, block_K):
                    scores[t, s] = scores[t, s] + T.if_then_else(dots[t, s] > 0, dots[t, s], 0) * w_local[t]
            T.copy(scores, out[by * block_Q, bx * block_K])

    return indexer


def program_on_ascend():
    """Ascend's own words: a grid of one dimension, and memories by their names (L1, L0C, UB)."""
    import tilelang.ascend.language as T

    if block_Q % 2:
        raise ValueError(f"block_Q: expected an even number, for two vector cores have half each, found {block_Q}")
    dtype = "float16"
    half_Q = block_Q // 2

    @T.prim_func
    def indexer(
        q: T.Tensor((queries, heads, dim), dtype),
        k: T.Tensor((keys, dim), dtype),
        w: T.Tensor((queries, heads), "float32"),
        out: T.Tensor((queries, keys), "float32"),
    ):
        with T.MixedKernel(T.ceildiv(keys, block_K) * T.ceildiv(queries, block_Q)) as (block, sid):
            bx, by = block % T.ceildiv(keys, block_K), block // T.ceildiv(keys, block_K)
            k_shared = T.alloc_l1((block_K, dim), dtype)
            q_shared = T.alloc_l1((block_Q, dim), dtype)
            dots = T.alloc_shared((half_Q, block_K), "float32")
            dots_cube = T.alloc_l0c((block_Q, block_K), "float32")
            scores = T.alloc_shared((half_Q, block_K), "float32")
            T.copy(k[bx * block_K : (bx + 1) * block_K, :], k_shared)
            with T.SimtVF(threads=128):
                T.clear(scores)
            for head in T.Pipelined(heads, num_stages=stages):
                T.copy(q[by * block_Q : (by + 1) * block_Q, head, :], q_shared)
                T.gemm(q_shared, k_shared, dots_cube, transpose_B=True, clear_accum=True)
                T.dual_copy(dots_cube, dots)
                with T.SimtVF(threads=128):
                    for t, s in T.Parallel(half_Q, block_K):
                        if by * block_Q + sid * half_Q + t < queries:
                            scores[t, s] = scores[t, s] + T.if_then_else(dots[t, s] > 0, dots[t, s], 0) * w[by * block_Q + sid * half_Q + t, head]
            T.copy(scores, out[by * block_Q + sid * half_Q, bx * block_K])

    return indexer


def inputs(seed):
    return noise(seed, (queries, heads, dim), (keys, dim), (queries, heads))


def reference(inputs):
    q, k, w = (x.astype(np.float64) for x in inputs)
    return np.einsum("th,ths->ts", w, np.maximum(np.einsum("thd,sd->ths", q, k), 0))


def noise(seed, *shapes):
    """Arrays of seeded noise: SplitMix64, 11 bits a number, from -1 to below 1 in steps of 1/1024, which float16 holds exactly."""
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    z = np.uint64(seed) + np.arange(1, ends[-1] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    values = ((z ^ (z >> np.uint64(31))) >> np.uint64(53)).astype(np.float32) / 1024 - 1
    return [part.reshape(shape) for part, shape in zip(np.split(values, ends[:-1]), shapes)]
