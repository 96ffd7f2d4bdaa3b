"""matmul: a matrix product, C = A B."""

import numpy as np

M, N, K = 200, 136, 104
block_M, block_N, block_K = 128, 128, 32
stages = 3


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
    def matmul(
        A: T.Tensor((M, K), dtype),
        B: T.Tensor((K, N), dtype),
        C: T.Tensor((M, N), "float32"),
    ):
        with T.Kernel(T.ceildiv(N, block_N), T.ceildiv(M, block_M), **threads) as (bx, by):
            A_shared = alloc_shared((block_M, block_K), dtype)
            B_shared = alloc_shared((block_K, block_N), dtype)
            C_local = alloc_fragment((block_M, block_N), "float32")
            T.clear(C_local)
            for ko in T.Pipelined(T.ceildiv(K, block_K), num_stages=stages):
                T.copy(A[by * block_M, ko * block_K], A_shared)
                T.copy(B[ko * block_K, bx * block_N], B_shared)
                T.gemm(A_shared, B_shared, C_local)
            T.copy(C_local, C[by * block_M, bx * block_N])

    return matmul


def program_on_ascend():
    """Ascend's own words: a grid of one dimension, and memories by their names (L1, L0C, UB)."""
    import tilelang.ascend.language as T

    dtype = "float16"

    @T.prim_func
    def matmul(
        A: T.Tensor((M, K), dtype),
        B: T.Tensor((K, N), dtype),
        C: T.Tensor((M, N), "float32"),
    ):
        with T.Kernel(T.ceildiv(N, block_N) * T.ceildiv(M, block_M)) as block:
            bx, by = block % T.ceildiv(N, block_N), block // T.ceildiv(N, block_N)
            A_shared = T.alloc_l1((block_M, block_K), dtype)
            B_shared = T.alloc_l1((block_N, block_K), dtype)
            C_local = T.alloc_l0c((block_M, block_N), "float32")
            for ko in T.Pipelined(T.ceildiv(K, block_K), num_stages=stages):
                T.copy(A[by * block_M, ko * block_K], A_shared)
                T.copy(B[ko * block_K : (ko + 1) * block_K, bx * block_N : (bx + 1) * block_N], B_shared, transpose=True)
                T.gemm(A_shared, B_shared, C_local, transpose_B=True, clear_accum=(ko == 0))
            T.copy(C_local, C[by * block_M, bx * block_N])

    return matmul


def inputs(seed):
    return noise(seed, (M, K), (K, N))


def reference(inputs):
    A, B = (x.astype(np.float64) for x in inputs)
    return A @ B


def noise(seed, *shapes):
    """Arrays of seeded noise: SplitMix64, 11 bits a number, from -1 to below 1 in steps of 1/1024, which float16 holds exactly."""
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    z = np.uint64(seed) + np.arange(1, ends[-1] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    values = ((z ^ (z >> np.uint64(31))) >> np.uint64(53)).astype(np.float32) / 1024 - 1
    return [part.reshape(shape) for part, shape in zip(np.split(values, ends[:-1]), shapes)]
