// A convolution as a matrix product (im2col): a row for each place of the output, a column for each filter, and along the sum every cell that the
// filter covers. The matrix of patches is never made: a tile of it is gathered from the image by index arithmetic, and what the filter covers
// outside the image is 0 and not moved. Images are [n, h, w, c]; filters [r·r·c, f], row by row; the result is [n·oh·ow, f].

public import Traces

/// A convolution of square filters.
public struct Convolution: Hashable, Sendable {
    /// Images.
    public let images: Int
    /// Rows of an image.
    public let height: Int
    /// Columns of an image.
    public let width: Int
    /// Numbers at each place of an image.
    public let channels: Int
    /// Filters: numbers at each place of the result.
    public let filters: Int
    /// Rows and columns of a filter.
    public let kernel: Int
    /// Places from one position of the filter to the next.
    public let stride: Int
    /// Places around the image that a filter may cover.
    public let padding: Int

    /// Rows of the result.
    public var outputHeight: Int { (height + 2 * padding - kernel) / stride + 1 }
    /// Columns of the result.
    public var outputWidth: Int { (width + 2 * padding - kernel) / stride + 1 }

    /// Checked sizes; throws too if the filter is larger than the padded image.
    public init(
        images: Int = 1, height: Int, width: Int, channels: Int, filters: Int, kernel: Int, stride: Int = 1, padding: Int
    ) throws(EngineError) {
        try Sizes.check([
            ("images", images), ("height", height), ("width-of-image", width), ("channels", channels), ("filters", filters),
            ("kernel", kernel), ("stride", stride),
        ])
        try Sizes.check([("padding", padding)], atLeast: 0)
        guard kernel <= min(height, width) + 2 * padding else {
            throw EngineError(
                .value, "kernel", expected: "at most \(min(height, width) + 2 * padding), the padded image", found: "\(kernel)")
        }
        (self.images, self.height, self.width, self.channels) = (images, height, width, channels)
        (self.filters, self.kernel, self.stride, self.padding) = (filters, kernel, stride, padding)
        try Sizes.check([
            ("places of the result", images * outputHeight * outputWidth), ("cells of a filter", kernel * kernel * channels),
        ])
    }

    /// The program.
    public func program(_ choice: TileChoice) -> TileProgram {
        var T = TileBuilder()
        let (images, H, W) = (T.constant("images", images), T.constant("H", height), T.constant("W", width))
        let (C, F, R) = (T.constant("C", channels), T.constant("F", filters), T.constant("R", kernel))
        let (stride, padding) = (T.constant("stride", stride), T.constant("padding", padding))
        let (OH, OW) = (T.constant("OH", outputHeight), T.constant("OW", outputWidth))
        let (block_M, block_N) = (T.constant("block_M", choice.shape.rows), T.constant("block_N", choice.shape.columns))
        let block_K = T.constant("block_K", choice.shape.depth)
        let (i, j, s) = (T.axis("i", images * OH * OW), T.axis("j", F), T.axis("k", R * R * C))
        let data = T.global("data", [T.axis("n", images), T.axis("h", H), T.axis("w", W), T.axis("c", C)])
        let kernel = T.global("kernel", [s, j])
        let out = T.global("out", [i, j])

        let bx = T.block("bx", .tiles(F, of: block_N))
        let by = T.block("by", .tiles(images * OH * OW, of: block_M))
        let ko = T.loopVariable("ko")
        let rows = T.part(of: i, from: by * block_M, block_M)
        let columns = T.part(of: j, from: bx * block_N, block_N)
        let depth = T.part(of: s, from: .variable(ko) * block_K, block_K)
        // Which place of the result, and which cell of the filter.
        let (m, c) = (Index.bound("m", .position(rows)), Index.bound("c", .position(depth)))
        let y = Index.bound("y", m % (OH * OW) / OW * stride + c / (R * C) - padding)
        let x = Index.bound("x", m % OW * stride + c / C % R - padding)

        let data_shared = T.allocShared("data_shared", rows, depth)
        let kernel_shared = T.allocShared("kernel_shared", depth, columns)
        let out_local = T.allocFragment("out_local", rows, columns)
        T.clear(out_local)
        T.pipelined(ko, .tiles(R * R * C, of: block_K), stages: choice.stages) { T in
            T.copy(
                data[m / (OH * OW), y, x, c % C].if(
                    Condition(y, .atLeast, 0), Condition(y, .below, H), Condition(x, .atLeast, 0), Condition(x, .below, W)),
                to: data_shared)
            T.copy(kernel[depth, columns], to: kernel_shared)
            T.gemm(data_shared, kernel_shared, into: out_local)
        }
        T.copy(out_local, to: out[rows, columns])
        return T.program(TileProgramName.convolution.rawValue)
    }

    /// The same by the engine's own product, over the whole matrix of patches.
    /// - Parameter inputs: data [n, h, w, c] and kernel [k, j].
    func reference(_ inputs: [Expression]) throws(EngineError) -> Expression {
        let image = inputs[0].shape
        var places: [Int] = []
        for n in 0..<images {
            for oy in 0..<outputHeight {
                for ox in 0..<outputWidth {
                    for a in 0..<kernel {
                        for b in 0..<kernel {
                            let (y, x) = (oy * stride + a - padding, ox * stride + b - padding)
                            let isInside = (0..<height).contains(y) && (0..<width).contains(x)
                            places += (0..<channels).map { isInside ? image.offset(of: [n, y, x, $0]) : -1 }
                        }
                    }
                }
            }
        }
        let rows = images * outputHeight * outputWidth
        let patches = try picked(inputs[0], places, as: Shape(["i", "k"], [rows, kernel * kernel * channels]))
        return try dot(patches, inputs[1], over: "k")
    }
}
