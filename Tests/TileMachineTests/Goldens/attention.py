"""attention: causal attention with an online softmax; query t stands at position keys - queries + t, each head has keys and values of its own."""

import numpy as np

queries, keys, heads, dim, value_dim = 72, 200, 2, 32, 48
block_M, block_N = 64, 64
stages = 1
scale = dim**-0.5


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
    def attention(
        q: T.Tensor((queries, heads, dim), dtype),
        k: T.Tensor((keys, heads, dim), dtype),
        v: T.Tensor((keys, heads, value_dim), dtype),
        out: T.Tensor((queries, heads, value_dim), "float32"),
    ):
        with T.Kernel(T.ceildiv(queries, block_M), heads, **threads) as (by, head):
            Q_shared = alloc_shared((block_M, dim), dtype)
            K_shared = alloc_shared((block_N, dim), dtype)
            V_shared = alloc_shared((block_N, value_dim), dtype)
            S_local = alloc_fragment((block_M, block_N), "float32")
            P_local = alloc_fragment((block_M, block_N), dtype)
            PV_local = alloc_fragment((block_M, value_dim), "float32")
            O_local = alloc_fragment((block_M, value_dim), "float32")
            m_local = alloc_fragment((block_M,), "float32")
            m_previous = alloc_fragment((block_M,), "float32")
            alpha = alloc_fragment((block_M,), "float32")
            row_sum = alloc_fragment((block_M,), "float32")
            l_local = alloc_fragment((block_M,), "float32")
            T.copy(q[by * block_M : (by + 1) * block_M, head, :], Q_shared)
            T.clear(O_local)
            T.fill(m_local, -T.infinity("float32"))
            T.clear(l_local)
            for ko in T.Pipelined(T.ceildiv(T.min(keys, keys - queries + (by + 1) * block_M), block_N), num_stages=stages):
                T.copy(k[ko * block_N : (ko + 1) * block_N, head, :], K_shared)
                T.copy(v[ko * block_N : (ko + 1) * block_N, head, :], V_shared)
                T.clear(S_local)
                T.gemm(Q_shared, K_shared, S_local, transpose_B=True, policy=T.GemmWarpPolicy.FullRow)
                for t, s in Parallel(block_M, block_N):
                    S_local[t, s] = T.if_then_else(ko * block_N + s <= keys - queries + by * block_M + t, S_local[t, s] * scale, -T.infinity("float32"))
                T.copy(m_local, m_previous)
                T.reduce_max(S_local, m_local, dim=1, clear=False)
                for t in Parallel(block_M):
                    alpha[t] = T.exp(m_previous[t] - m_local[t])
                for t, s in Parallel(block_M, block_N):
                    P_local[t, s] = T.exp(S_local[t, s] - m_local[t])
                T.reduce_sum(P_local, row_sum, dim=1)
                for t in Parallel(block_M):
                    l_local[t] = l_local[t] * alpha[t] + row_sum[t]
                T.clear(PV_local)
                T.gemm(P_local, V_shared, PV_local, policy=T.GemmWarpPolicy.FullRow)
                for t, e in Parallel(block_M, value_dim):
                    O_local[t, e] = O_local[t, e] * alpha[t] + PV_local[t, e]
            for t, e in Parallel(block_M, value_dim):
                O_local[t, e] = O_local[t, e] / l_local[t]
            T.copy(O_local, out[by * block_M : (by + 1) * block_M, head, :])

    return attention


def program_on_ascend():
    """Ascend's own words: a grid of one dimension, and memories by their names (L1, L0C, UB)."""
    import tilelang.ascend.language as T

    if block_M % 2:
        raise ValueError(f"block_M: expected an even number, for two vector cores have half each, found {block_M}")
    dtype = "float16"
    half_M = block_M // 2

    @T.prim_func
    def attention(
        q: T.Tensor((queries, heads, dim), dtype),
        k: T.Tensor((keys, heads, dim), dtype),
        v: T.Tensor((keys, heads, value_dim), dtype),
        out: T.Tensor((queries, heads, value_dim), "float32"),
    ):
        with T.MixedKernel(T.ceildiv(queries, block_M) * heads) as (block, sid):
            by, head = block % T.ceildiv(queries, block_M), block // T.ceildiv(queries, block_M)
            Q_shared = T.alloc_l1((block_M, dim), dtype)
            K_shared = T.alloc_l1((block_N, dim), dtype)
            V_shared = T.alloc_l1((value_dim, block_N), dtype)
            S_local = T.alloc_shared((half_M, block_N), "float32")
            S_cube = T.alloc_l0c((block_M, block_N), "float32")
            P_local = T.alloc_shared((half_M, block_N), dtype)
            P_shared = T.alloc_l1((block_M, block_N), dtype)
            PV_local = T.alloc_shared((half_M, value_dim), "float32")
            PV_cube = T.alloc_l0c((block_M, value_dim), "float32")
            O_local = T.alloc_shared((half_M, value_dim), "float32")
            m_local = T.alloc_shared((half_M,), "float32")
            m_previous = T.alloc_shared((half_M,), "float32")
            alpha = T.alloc_shared((half_M,), "float32")
            row_sum = T.alloc_shared((half_M,), "float32")
            l_local = T.alloc_shared((half_M,), "float32")
            T.copy(q[by * block_M : (by + 1) * block_M, head, :], Q_shared)
            with T.SimtVF(threads=128):
                T.clear(O_local)
                T.fill(m_local, -T.infinity("float32"))
                T.clear(l_local)
            for ko in T.Pipelined(T.ceildiv(T.min(keys, keys - queries + (by + 1) * block_M), block_N), num_stages=stages):
                T.copy(k[ko * block_N : (ko + 1) * block_N, head, :], K_shared)
                T.copy(v[ko * block_N : (ko + 1) * block_N, head, :], V_shared, transpose=True)
                T.gemm(Q_shared, K_shared, S_cube, transpose_B=True, clear_accum=True)
                T.dual_copy(S_cube, S_local)
                with T.SimtVF(threads=128):
                    for t, s in T.Parallel(half_M, block_N):
                        S_local[t, s] = T.if_then_else(ko * block_N + s <= keys - queries + by * block_M + sid * half_M + t, S_local[t, s] * scale, -T.infinity("float32"))
                    T.copy(m_local, m_previous)
                    T.reduce_max(S_local, m_local, dim=1, clear=False)
                    for t in T.Parallel(half_M):
                        alpha[t] = T.exp(m_previous[t] - m_local[t])
                    for t, s in T.Parallel(half_M, block_N):
                        P_local[t, s] = T.exp(S_local[t, s] - m_local[t])
                    T.reduce_sum(P_local, row_sum, dim=1)
                    for t in T.Parallel(half_M):
                        l_local[t] = l_local[t] * alpha[t] + row_sum[t]
                T.dual_copy(P_local, P_shared)
                T.gemm(P_shared, V_shared, PV_cube, transpose_B=True, clear_accum=True)
                T.dual_copy(PV_cube, PV_local)
                with T.SimtVF(threads=128):
                    for t, e in T.Parallel(half_M, value_dim):
                        O_local[t, e] = O_local[t, e] * alpha[t] + PV_local[t, e]
            with T.SimtVF(threads=128):
                for t, e in T.Parallel(half_M, value_dim):
                    O_local[t, e] = O_local[t, e] / l_local[t]
            T.copy(O_local, out[by * block_M + sid * half_M : by * block_M + (sid + 1) * half_M, head, :])

    return attention


def inputs(seed):
    return noise(seed, (queries, heads, dim), (keys, heads, dim), (keys, heads, value_dim))


def reference(inputs):
    q, k, v = (x.astype(np.float64) for x in inputs)
    visible = np.arange(keys) <= keys - queries + np.arange(queries)[:, None]
    s = np.where(visible, np.einsum("thd,shd->hts", q, k) * scale, -np.inf)
    p = np.exp(s - s.max(axis=-1, keepdims=True))
    return np.einsum("hts,she->the", p / p.sum(axis=-1, keepdims=True), v)


def noise(seed, *shapes):
    """Arrays of seeded noise: SplitMix64, 11 bits a number, from -1 to below 1 in steps of 1/1024, which float16 holds exactly."""
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    z = np.uint64(seed) + np.arange(1, ends[-1] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    values = ((z ^ (z >> np.uint64(31))) >> np.uint64(53)).astype(np.float32) / 1024 - 1
    return [part.reshape(shape) for part, shape in zip(np.split(values, ends[:-1]), shapes)]
