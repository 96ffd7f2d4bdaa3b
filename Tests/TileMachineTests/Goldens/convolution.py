"""convolution: images [n, H, W, C] and F filters of R x R, as one matrix product (im2col by index arithmetic)."""

import numpy as np

images, H, W, C, F, R, stride, padding = 2, 13, 11, 8, 40, 3, 1, 1
OH, OW = (H + 2 * padding - R) // stride + 1, (W + 2 * padding - R) // stride + 1
block_M, block_N, block_K = 64, 64, 32
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
    def convolution(
        data: T.Tensor((images, H, W, C), dtype),
        kernel: T.Tensor((R * R * C, F), dtype),
        out: T.Tensor((images * OH * OW, F), "float32"),
    ):
        with T.Kernel(T.ceildiv(F, block_N), T.ceildiv(images * OH * OW, block_M), **threads) as (bx, by):
            data_shared = alloc_shared((block_M, block_K), dtype)
            kernel_shared = alloc_shared((block_K, block_N), dtype)
            out_local = alloc_fragment((block_M, block_N), "float32")
            T.clear(out_local)
            for ko in T.Pipelined(T.ceildiv(R * R * C, block_K), num_stages=stages):
                for i, k in Parallel(block_M, block_K):
                    m = by * block_M + i
                    c = ko * block_K + k
                    y = m % (OH * OW) // OW * stride + c // (R * C) - padding
                    x = m % OW * stride + c // C % R - padding
                    data_shared[i, k] = T.if_then_else((m < images * OH * OW) & (c < R * R * C) & (y >= 0) & (y < H) & (x >= 0) & (x < W), data[m // (OH * OW), y, x, c % C], 0)
                T.copy(kernel[ko * block_K, bx * block_N], kernel_shared)
                T.gemm(data_shared, kernel_shared, out_local)
            T.copy(out_local, out[by * block_M, bx * block_N])

    return convolution


def program_on_ascend():
    """Ascend's own words: a grid of one dimension, and memories by their names (L1, L0C, UB)."""
    import tilelang.ascend.language as T

    if block_M % 2:
        raise ValueError(f"block_M: expected an even number, for two vector cores have half each, found {block_M}")
    dtype = "float16"
    half_M = block_M // 2

    @T.prim_func
    def convolution(
        data: T.Tensor((images, H, W, C), dtype),
        kernel: T.Tensor((R * R * C, F), dtype),
        out: T.Tensor((images * OH * OW, F), "float32"),
    ):
        with T.MixedKernel(T.ceildiv(F, block_N) * T.ceildiv(images * OH * OW, block_M)) as (block, sid):
            bx, by = block % T.ceildiv(F, block_N), block // T.ceildiv(F, block_N)
            data_vector = T.alloc_shared((half_M, block_K), dtype)
            data_shared = T.alloc_l1((block_M, block_K), dtype)
            kernel_shared = T.alloc_l1((block_N, block_K), dtype)
            out_local = T.alloc_l0c((block_M, block_N), "float32")
            for ko in T.Pipelined(T.ceildiv(R * R * C, block_K), num_stages=stages):
                with T.SimtVF(threads=128):
                    for i, k in T.Parallel(half_M, block_K):
                        m = by * block_M + sid * half_M + i
                        c = ko * block_K + k
                        y = m % (OH * OW) // OW * stride + c // (R * C) - padding
                        x = m % OW * stride + c // C % R - padding
                        data_vector[i, k] = T.if_then_else((m < images * OH * OW) & (c < R * R * C) & (y >= 0) & (y < H) & (x >= 0) & (x < W), data[m // (OH * OW), y, x, c % C], 0)
                T.dual_copy(data_vector, data_shared)
                T.copy(kernel[ko * block_K : (ko + 1) * block_K, bx * block_N : (bx + 1) * block_N], kernel_shared, transpose=True)
                T.gemm(data_shared, kernel_shared, out_local, transpose_B=True, clear_accum=(ko == 0))
            T.copy(out_local, out[by * block_M, bx * block_N])

    return convolution


def inputs(seed):
    return noise(seed, (images, H, W, C), (R * R * C, F))


def reference(inputs):
    data, kernel = (x.astype(np.float64) for x in inputs)
    padded = np.pad(data, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (R, R), axis=(1, 2))[:, ::stride, ::stride]
    return np.einsum("nyxcab,abcf->nyxf", windows, kernel.reshape(R, R, C, F)).reshape(images * OH * OW, F)


def noise(seed, *shapes):
    """Arrays of seeded noise: SplitMix64, 11 bits a number, from -1 to below 1 in steps of 1/1024, which float16 holds exactly."""
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    z = np.uint64(seed) + np.arange(1, ends[-1] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    values = ((z ^ (z >> np.uint64(31))) >> np.uint64(53)).astype(np.float32) / 1024 - 1
    return [part.reshape(shape) for part, shape in zip(np.split(values, ends[:-1]), shapes)]
