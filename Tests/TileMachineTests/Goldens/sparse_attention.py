"""sparse-attention: attention over selected keys alone; `indices` names query t's keys, -1 fills the rest; all heads share keys and values."""

import numpy as np

queries, keys, heads, dim, value_dim, top_k = 6, 200, 72, 32, 48, 100
block_H, block_K = 64, 32
stages = 2
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
    def sparse_attention(
        q: T.Tensor((queries, heads, dim), dtype),
        k: T.Tensor((keys, dim), dtype),
        v: T.Tensor((keys, value_dim), dtype),
        indices: T.Tensor((queries, top_k), "int32"),
        out: T.Tensor((queries, heads, value_dim), "float32"),
    ):
        with T.Kernel(T.ceildiv(heads, block_H), queries, **threads) as (bx, query):
            Q_shared = alloc_shared((block_H, dim), dtype)
            index_shared = alloc_shared((block_K,), "int32")
            K_shared = alloc_shared((block_K, dim), dtype)
            V_shared = alloc_shared((block_K, value_dim), dtype)
            S_local = alloc_fragment((block_H, block_K), "float32")
            P_local = alloc_fragment((block_H, block_K), dtype)
            PV_local = alloc_fragment((block_H, value_dim), "float32")
            O_local = alloc_fragment((block_H, value_dim), "float32")
            m_local = alloc_fragment((block_H,), "float32")
            m_previous = alloc_fragment((block_H,), "float32")
            alpha = alloc_fragment((block_H,), "float32")
            row_sum = alloc_fragment((block_H,), "float32")
            l_local = alloc_fragment((block_H,), "float32")
            T.copy(q[query, bx * block_H : (bx + 1) * block_H, :], Q_shared)
            T.clear(O_local)
            T.fill(m_local, -T.infinity("float32"))
            T.clear(l_local)
            n_t = T.min(keys - queries + query + 1, top_k)
            for ko in T.Pipelined(T.ceildiv(n_t, block_K), num_stages=stages):
                T.copy(indices[query, ko * block_K : (ko + 1) * block_K], index_shared)
                for r, d in Parallel(block_K, dim):
                    K_shared[r, d] = T.if_then_else(ko * block_K + r < n_t, k[index_shared[r], d], 0)
                for r, e in Parallel(block_K, value_dim):
                    V_shared[r, e] = T.if_then_else(ko * block_K + r < n_t, v[index_shared[r], e], 0)
                T.clear(S_local)
                T.gemm(Q_shared, K_shared, S_local, transpose_B=True, policy=T.GemmWarpPolicy.FullRow)
                for h, r in Parallel(block_H, block_K):
                    S_local[h, r] = T.if_then_else(ko * block_K + r < n_t, S_local[h, r] * scale, -T.infinity("float32"))
                T.copy(m_local, m_previous)
                T.reduce_max(S_local, m_local, dim=1, clear=False)
                for h in Parallel(block_H):
                    alpha[h] = T.exp(m_previous[h] - m_local[h])
                for h, r in Parallel(block_H, block_K):
                    P_local[h, r] = T.exp(S_local[h, r] - m_local[h])
                T.reduce_sum(P_local, row_sum, dim=1)
                for h in Parallel(block_H):
                    l_local[h] = l_local[h] * alpha[h] + row_sum[h]
                T.clear(PV_local)
                T.gemm(P_local, V_shared, PV_local, policy=T.GemmWarpPolicy.FullRow)
                for h, e in Parallel(block_H, value_dim):
                    O_local[h, e] = O_local[h, e] * alpha[h] + PV_local[h, e]
            for h, e in Parallel(block_H, value_dim):
                O_local[h, e] = O_local[h, e] / l_local[h]
            T.copy(O_local, out[query, bx * block_H : (bx + 1) * block_H, :])

    return sparse_attention


def program_on_ascend():
    """Ascend's own words: a grid of one dimension, and memories by their names (L1, L0C, UB)."""
    import tilelang.ascend.language as T

    if block_H % 2:
        raise ValueError(f"block_H: expected an even number, for two vector cores have half each, found {block_H}")
    if block_K % 2:
        raise ValueError(f"block_K: expected an even number, for two vector cores have half each, found {block_K}")
    dtype = "float16"
    half_H = block_H // 2
    half_K = block_K // 2

    @T.prim_func
    def sparse_attention(
        q: T.Tensor((queries, heads, dim), dtype),
        k: T.Tensor((keys, dim), dtype),
        v: T.Tensor((keys, value_dim), dtype),
        indices: T.Tensor((queries, top_k), "int32"),
        out: T.Tensor((queries, heads, value_dim), "float32"),
    ):
        with T.MixedKernel(T.ceildiv(heads, block_H) * queries) as (block, sid):
            bx, query = block % T.ceildiv(heads, block_H), block // T.ceildiv(heads, block_H)
            Q_shared = T.alloc_l1((block_H, dim), dtype)
            index_shared = T.alloc_shared((block_K,), "int32")
            K_vector = T.alloc_shared((half_K, dim), dtype)
            K_shared = T.alloc_l1((block_K, dim), dtype)
            V_vector = T.alloc_shared((value_dim, half_K), dtype)
            V_shared = T.alloc_l1((value_dim, block_K), dtype)
            S_local = T.alloc_shared((half_H, block_K), "float32")
            S_cube = T.alloc_l0c((block_H, block_K), "float32")
            P_local = T.alloc_shared((half_H, block_K), dtype)
            P_shared = T.alloc_l1((block_H, block_K), dtype)
            PV_local = T.alloc_shared((half_H, value_dim), "float32")
            PV_cube = T.alloc_l0c((block_H, value_dim), "float32")
            O_local = T.alloc_shared((half_H, value_dim), "float32")
            m_local = T.alloc_shared((half_H,), "float32")
            m_previous = T.alloc_shared((half_H,), "float32")
            alpha = T.alloc_shared((half_H,), "float32")
            row_sum = T.alloc_shared((half_H,), "float32")
            l_local = T.alloc_shared((half_H,), "float32")
            T.copy(q[query, bx * block_H : (bx + 1) * block_H, :], Q_shared)
            with T.SimtVF(threads=128):
                T.clear(O_local)
                T.fill(m_local, -T.infinity("float32"))
                T.clear(l_local)
            n_t = T.min(keys - queries + query + 1, top_k)
            for ko in T.Pipelined(T.ceildiv(n_t, block_K), num_stages=stages):
                T.copy(indices[query, ko * block_K : (ko + 1) * block_K], index_shared)
                with T.SimtVF(threads=128):
                    for r, d in T.Parallel(half_K, dim):
                        K_vector[r, d] = T.if_then_else(ko * block_K + sid * half_K + r < n_t, k[index_shared[sid * half_K + r], d], 0)
                    for e, r in T.Parallel(value_dim, half_K):
                        V_vector[e, r] = T.if_then_else(ko * block_K + sid * half_K + r < n_t, v[index_shared[sid * half_K + r], e], 0)
                T.dual_copy(K_vector, K_shared)
                T.dual_copy(V_vector, V_shared)
                T.gemm(Q_shared, K_shared, S_cube, transpose_B=True, clear_accum=True)
                T.dual_copy(S_cube, S_local)
                with T.SimtVF(threads=128):
                    for h, r in T.Parallel(half_H, block_K):
                        S_local[h, r] = T.if_then_else(ko * block_K + r < n_t, S_local[h, r] * scale, -T.infinity("float32"))
                    T.copy(m_local, m_previous)
                    T.reduce_max(S_local, m_local, dim=1, clear=False)
                    for h in T.Parallel(half_H):
                        alpha[h] = T.exp(m_previous[h] - m_local[h])
                    for h, r in T.Parallel(half_H, block_K):
                        P_local[h, r] = T.exp(S_local[h, r] - m_local[h])
                    T.reduce_sum(P_local, row_sum, dim=1)
                    for h in T.Parallel(half_H):
                        l_local[h] = l_local[h] * alpha[h] + row_sum[h]
                T.dual_copy(P_local, P_shared)
                T.gemm(P_shared, V_shared, PV_cube, transpose_B=True, clear_accum=True)
                T.dual_copy(PV_cube, PV_local)
                with T.SimtVF(threads=128):
                    for h, e in T.Parallel(half_H, value_dim):
                        O_local[h, e] = O_local[h, e] * alpha[h] + PV_local[h, e]
            with T.SimtVF(threads=128):
                for h, e in T.Parallel(half_H, value_dim):
                    O_local[h, e] = O_local[h, e] / l_local[h]
            T.copy(O_local, out[query, bx * block_H + sid * half_H : bx * block_H + (sid + 1) * half_H, :])

    return sparse_attention


def inputs(seed):
    q, k, v, order = noise(seed, (queries, heads, dim), (keys, dim), (keys, value_dim), (queries, keys))
    indices = np.full((queries, top_k), -1, dtype=np.int32)
    for t in range(queries):
        visible = keys - queries + t + 1
        selected = np.argsort(-order[t, :visible], kind="stable")[:top_k]
        indices[t, : len(selected)] = selected
    return [q, k, v, indices]


def reference(inputs):
    q, k, v = (x.astype(np.float64) for x in inputs[:3])
    out = np.empty((queries, heads, value_dim))
    for t in range(queries):
        selected = inputs[3][t][inputs[3][t] >= 0]
        s = q[t] @ k[selected].T * scale
        p = np.exp(s - s.max(axis=-1, keepdims=True))
        out[t] = p / p.sum(axis=-1, keepdims=True) @ v[selected]
    return out


def noise(seed, *shapes):
    """Arrays of seeded noise: SplitMix64, 11 bits a number, from -1 to below 1 in steps of 1/1024, which float16 holds exactly."""
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    z = np.uint64(seed) + np.arange(1, ends[-1] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    values = ((z ^ (z >> np.uint64(31))) >> np.uint64(53)).astype(np.float32) / 1024 - 1
    return [part.reshape(shape) for part, shape in zip(np.split(values, ends[:-1]), shapes)]
