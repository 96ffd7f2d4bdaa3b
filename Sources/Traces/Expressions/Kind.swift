// An expression taken apart, for those who write it in another language. A new kind of node has to say here what it is, or it does not compile, and
// whoever switches over the kinds has to spell it. Pages take no expression apart and carry none of this.

#if !hasFeature(Embedded)
    extension Expression {
        /// What an expression is, with its operands.
        package enum Kind {
            case recorded(Step)
            /// The result of a step that did not stay in the trace.
            case deferred(Deferred)
            case filled(Double)
            case sum(Expression, Expression)
            case product(Expression, Expression)
            case quotient(Expression, Expression)
            case larger(Expression, Expression)
            case exponential(Expression, minus: Expression)
            case scaled(Expression, by: Constant, divides: Bool)
            case relu(Expression)
            case silu(Expression)
            case gelu(Expression, GELUForm)
            case softCapped(Expression, at: Double)
            case masked(Expression, Mask, filler: Double, selection: Expression?)
            case contraction(Expression, Expression, over: Axis)
            case total(Expression, over: Axis)
            case maximum(Expression, over: Axis)
            case softmax(Expression, over: Axis)
            case rmsNorm(Expression, weight: Expression, epsilon: Double, over: Axis, weightsAreBeyondOne: Bool)
            case layerNorm(Expression, weight: Expression, bias: Expression, epsilon: Double, over: Axis)
            case rotary(Expression, RotaryLayout, positions: [Int], frequencies: [Double], magnitude: Double, token: Axis, over: Axis)
            case hadamard(Expression, over: Axis)
            case blockScale(Expression, ScaleFormat, block: Int, over: Axis, blocks: Axis)
            case float8(Expression, scale: Expression, block: Int, over: Axis, blocks: Axis)
            case dequantised(Expression, scale: Expression, block: Int, over: Axis, blocks: Axis)
            case topK(Expression, Int, Mask)
            case crossEntropy(Expression, next: [Int])
            case gathered(Expression, Axis, at: [Int], as: Axis)
            case selected(Expression, by: Expression)
            case concatenated([Expression], along: Axis)
            case renamed(Expression, Axis, to: Axis)
            case split(Expression, Axis, into: Shape)
            case merged(Expression, [Axis], into: Axis)
            case shared(Expression, Axis, as: Axis, times: Int)
            case sliced(Expression, Axis, Range<Int>)
            /// For each cell in storage order the source that it comes from, -1 for none, and its storage place there.
            case assembled([Expression], cells: [(source: Int, place: Int)])
        }

        /// What this expression is.
        package var kind: Kind { operation.kind }
    }

    extension Leaf { var kind: Expression.Kind { .recorded(step) } }
    extension Filled { var kind: Expression.Kind { .filled(number) } }
    extension Add { var kind: Expression.Kind { .sum(a, b) } }
    extension Product { var kind: Expression.Kind { .product(a, b) } }
    extension Quotient { var kind: Expression.Kind { .quotient(a, b) } }
    extension LargerOfTwo { var kind: Expression.Kind { .larger(a, b) } }
    extension ShiftedExponential { var kind: Expression.Kind { .exponential(a, minus: shift) } }
    extension Scale { var kind: Expression.Kind { .scaled(a, by: by, divides: divides) } }
    extension ReLU { var kind: Expression.Kind { .relu(a) } }
    extension SiLU { var kind: Expression.Kind { .silu(a) } }
    extension GELU { var kind: Expression.Kind { .gelu(a, form) } }
    extension SoftCap { var kind: Expression.Kind { .softCapped(a, at: cap) } }
    extension MaskOut { var kind: Expression.Kind { .masked(a, mask, filler: filler, selection: selection) } }
    extension Contraction { var kind: Expression.Kind { .contraction(a, b, over: axis) } }
    extension Total { var kind: Expression.Kind { .total(a, over: axis) } }
    extension AxisMaximum { var kind: Expression.Kind { .maximum(a, over: axis) } }
    extension Softmax { var kind: Expression.Kind { .softmax(a, over: axis) } }
    extension RMSNorm {
        var kind: Expression.Kind { .rmsNorm(x, weight: weight, epsilon: epsilon, over: axis, weightsAreBeyondOne: isBeyondOne) }
    }
    extension LayerNorm { var kind: Expression.Kind { .layerNorm(x, weight: weight, bias: bias, epsilon: epsilon, over: axis) } }
    extension Rotary {
        var kind: Expression.Kind {
            .rotary(x, layout, positions: positions, frequencies: frequencies, magnitude: magnitude, token: token, over: axis)
        }
    }
    extension Rotation { var kind: Expression.Kind { .hadamard(a, over: axis) } }
    extension BlockScale { var kind: Expression.Kind { .blockScale(a, format, block: block, over: axis, blocks: name) } }
    extension Quantise {
        var kind: Expression.Kind {
            .float8(blocks.a, scale: blocks.scale, block: blocks.block, over: blocks.axis, blocks: blocks.name)
        }
    }
    extension Dequantise {
        var kind: Expression.Kind {
            .dequantised(blocks.a, scale: blocks.scale, block: blocks.block, over: blocks.axis, blocks: blocks.name)
        }
    }
    extension TopK { var kind: Expression.Kind { .topK(scores, k, mask) } }
    extension CrossEntropy { var kind: Expression.Kind { .crossEntropy(logits, next: next) } }
    extension Gather { var kind: Expression.Kind { .gathered(table, axis, at: indices, as: name) } }
    extension GatherSelected { var kind: Expression.Kind { .selected(table, by: selection) } }
    extension Concat { var kind: Expression.Kind { .concatenated(parts, along: axis) } }
    extension Rename { var kind: Expression.Kind { .renamed(a, from, to: to) } }
    extension Split { var kind: Expression.Kind { .split(a, axis, into: parts) } }
    extension Merge { var kind: Expression.Kind { .merged(a, parts.axes, into: axis) } }
    extension Share { var kind: Expression.Kind { .shared(a, axis, as: name, times: times) } }
    extension Slice { var kind: Expression.Kind { .sliced(a, axis, range) } }
    extension Mosaic { var kind: Expression.Kind { .assembled(sources, cells: cells) } }
#endif
