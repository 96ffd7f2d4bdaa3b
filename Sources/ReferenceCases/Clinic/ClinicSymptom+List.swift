// The symptoms, in words. Records are cited for what they say; where a record tells of the mistake and not of what was seen, the words say so.

import Traces

extension ClinicSymptom {
    /// All symptoms, in the order in which they are listed.
    public static let all: [ClinicSymptom] = [
        nonsenseAboveTopK, lastKeysWin, needleLost, needleNeverFound, firstKeysWin, sameKeysWin, wholeBlocksWin, newestKeysLost,
        futureKeysKept, repeatsItself, twoRunsDiffer, wrongInChunks, wrongFromTheStart,
    ]

    private static let stageByStage = [
        "attn case make --kind whole-indexer --rope half --output whole.safetensors", "attn case check whole.safetensors mine.safetensors",
    ]

    private static let inBlocks = [
        "attn case make --batch 4 --keys 2048 --top-k 256 --block-size 64 --ragged 3 --output paged.safetensors",
        "attn case check paged.safetensors mine.safetensors",
    ]

    private static let atRealShapes = [
        "attn case make --queries 4 --keys 8192 --top-k 2048 --seed 7 --output case.safetensors",
        "attn case check case.safetensors mine.safetensors",
    ]

    private static let nonsenseAboveTopK = ClinicSymptom(
        "nonsense-above-top-k",
        Bilingual(en: "Fine below 2,048 tokens, nonsense or quiet decline above", zh: "2,048 个词元以内一切正常，再长就胡言乱语，或者悄悄变差"),
        compare: Bilingual(
            en:
                "Index queries and keys after RoPE, from the second token on, with the reference's. Short texts tell nothing: up to top-k keys all are kept.",
            zh: "从第二个词元起，拿旋转位置编码之后的索引查询和索引键与参考值比。短文字测不出来：键数不超过 top-k 时全部留下。"),
        commands: stageByStage + [
            "attn what-if --case assets/cases/dsa-tiny-exact.safetensors --with indexer-rope-interleaved"
        ],
        mistake: Bilingual(
            en:
                "RoPE pairs the wrong features: neighbours where the checkpoint wants halves (DeepSeek-V3.2), or halves where it wants neighbours (GLM-5).",
            zh: "旋转位置编码配错了对：权重要前后半配（DeepSeek-V3.2），代码却按相邻配；或者反过来（GLM-5 要相邻配）。"),
        names: ["rope-layout"],
        records: [
            Record(
                "deepseek-ai/DeepSeek-V3.2-Exp", page: "README.md", "2025-11-17",
                Bilingual(
                    en: "The first demo paired neighbours in the indexer too; the note corrects it.", zh: "最初的示例代码在索引器里也按相邻配对，这条说明作了更正。")),
            Record(
                "vllm-project/vllm", 28968, "2025-11-18",
                Bilingual(
                    en: "The same correction; tested with GSM8K and 20 examples before each question.", zh: "同样的更正；用 GSM8K（每题前附 20 个例题）测过。")
            ),
            Record(
                "ml-explore/mlx-lm", 1431, "2026-06-24",
                Bilingual(
                    en: "Coherent outputs whose quality silently declines on long texts: six games were written, and none could be played.",
                    zh: "输出通顺，文字一长质量就悄悄下降：写了六个小游戏，没有一个能玩。")),
            Record(
                "sgl-project/sglang", 30111, "2026-07-04",
                Bilingual(
                    en: "A fused path for neighbours was also taken by models that want halves, and accuracy fell.",
                    zh: "只支持相邻配对的融合路径，前后半配对的模型也走了进去，准确率随之下降。")),
            Record(
                "ikawrakow/ik_llama.cpp", 2099, "2026-07-08",
                Bilingual(
                    en: "The other way round: GLM-5.2 wants neighbours, halves were fixed in the code; wrong characters, more with length.",
                    zh: "反过来的例子：GLM-5.2 要相邻配，代码写死了前后半配；文字出错，越长越多。")),
            Record(
                "ml-explore/mlx-lm", 1453, "2026-08-19",
                Bilingual(
                    en:
                        "GLM-5.2: flaky at 2,112 tokens, garbage from 2,649 on; with index_topk raised to 32,768 all answers are right (the layout is suspected, not shown).",
                    zh: "GLM-5.2：2,112 个词元时对时错，2,649 以上全是乱码；把 index_topk 调到 32,768，就全对了（布局只是怀疑对象）。")),
        ], run: ClinicRun.wrongPairs)

    private static let lastKeysWin = ClinicSymptom(
        "last-keys-win", Bilingual(en: "The last keys win far too often", zh: "最靠后的键胜出得太多"),
        compare: Bilingual(
            en:
                "Which features change from token to token when the same word is repeated: with the reference's, it is the first rope_head_dim of each head.",
            zh: "让同一个词反复出现，看哪些特征随位置变化，再与参考值比：该变的是每个头最前面的 rope_head_dim 个。"),
        commands: stageByStage,
        mistake: Bilingual(
            en:
                "RoPE turns the wrong end of a head: the indexer's features are [rope | nope], MLA's are [nope | rope]. Content that turns is alike only nearby. (The records tell of the order; what it looks like is measured here.)",
            zh: "旋转位置编码转错了一端：索引器的特征是 [rope | nope]，MLA 是 [nope | rope]。内容一转，就只有挨得近的才相像。（记录说的是次序问题，症状是这里量出来的。）"),
        names: ["rope-at-end"],
        records: [
            Record(
                "NVIDIA/Megatron-LM", 2733, "2025-12-22",
                Bilingual(
                    en:
                        "Asks why the turning part is split off last there and first in DeepSeek's code; the answer: a checkpoint that is converted without a permutation would be wrong.",
                    zh: "问为什么那里把要转的部分放在最后，DeepSeek 的代码却放在最前；答复：权重不重新排列就直接转换，结果会错。")),
            Record(
                "NVIDIA/Megatron-LM", 2998, "2026-01-19",
                Bilingual(en: "The same question about weights from Hugging Face.", zh: "就 Hugging Face 的权重提出的同一个问题。")),
        ], run: ClinicRun.wrongHalf)

    private static let needleLost = ClinicSymptom(
        "needle-lost", Bilingual(en: "Needles are lost some way past 4K tokens", zh: "超过 4K 个词元再远一些，针就找不到了"),
        compare: Bilingual(
            en:
                "Scores of one query with the same key at growing distances, beyond the length trained on before YaRN (4,096 for DeepSeek-V3.2), with the reference's.",
            zh: "让同一个键离查询越来越远，一直远过 YaRN 之前的训练长度（DeepSeek-V3.2 是 4,096），逐个拿得分与参考值比。"),
        commands: [
            "attn case make --kind whole-indexer --keys 512 --yarn 8 --output whole.safetensors",
            "attn case check whole.safetensors mine.safetensors",
        ],
        mistake: Bilingual(
            en:
                "The indexer's RoPE has no YaRN: its slow pairs turn as fast as before the context was lengthened. Within the first length little changes.",
            zh: "索引器的旋转位置编码没有用 YaRN：慢的那些对，还按加长上下文之前的速度转。在原来的长度以内，差别很小。"),
        names: ["no-yarn"],
        records: [
            Record(
                "NVIDIA-NeMo/Automodel", 2103, "2026-04-30",
                Bilingual(
                    en:
                        "DeepSeek-V4's compressed layers were trained with YaRN, which the code ignored: about right within the first length, diverging past it.",
                    zh: "DeepSeek-V4 的压缩层是用 YaRN 训练的，代码没有理会：原来的长度以内大致正确，超过就越偏越多。")),
            Record(
                "ml-explore/mlx-lm", 1189, "2026-05-23",
                Bilingual(
                    en:
                        "A comment on a neighbour of it: one base of RoPE for all layers of DeepSeek-V4, though the compressed ones were trained with another and with YaRN; nothing is seen within the window of 128, and from some 210 tokens on the output repeats itself. Compressed keys that are never turned are named beside it.",
                    zh:
                        "一条评论，说的是相近的毛病：DeepSeek-V4 各层的旋转位置编码用同一个底数，压缩层训练时却另有底数，还有 YaRN；128 的窗口内看不出，约 210 个词元起反复说同样的话。压缩键没有转，也有份。")),
            Record(
                "vllm-project/vllm", 52109, "2026-08-13",
                Bilingual(
                    en:
                        "The same symptom where another cause is suspected, one kernel of the sparse indexer: 3 of 3 needles at 3,611 tokens, none at 5,294.",
                    zh: "症状相同，怀疑的原因不同（稀疏索引器的一个内核）：3,611 个词元时三根针全中，5,294 时一根也找不到。")),
        ], run: ClinicRun.withoutYaRN)

    private static let needleNeverFound = ClinicSymptom(
        "needle-never-found", Bilingual(en: "Above top-k no exact line is ever recalled, near or far", zh: "超过 top-k 以后，原文的哪一句都想不起来，远近都一样"),
        compare: Bilingual(
            en:
                "Scores with the Hadamard rotation on both sides and on neither, nothing rounded: they must agree in all but their last digits.",
            zh: "不做舍入，两边都做哈达玛旋转算一遍，两边都不做再算一遍：除了最末几位，得分应当一样。"),
        commands: stageByStage + [
            "attn what-if --case assets/cases/dsa-tiny-exact.safetensors --with hadamard-query-only"
        ],
        mistake: Bilingual(
            en:
                "The Hadamard rotation is applied to queries and forgotten on keys: scores are products of two things that do not belong together.",
            zh: "哈达玛旋转只用在查询上，键忘了做：得分成了两个不相干的东西的乘积。"),
        names: ["hadamard-query-only"],
        records: [
            Record(
                "ROCm/ATOM", 1507, "2026-07-10",
                Bilingual(
                    en:
                        "DeepSeek-V4 does not recall lines of prompts of 18K tokens; the cause found: queries are rotated, and the key's kernel never reads its flag.",
                    zh: "DeepSeek-V4 想不起 18K 词元提示里的原句；查明的原因：查询转了，写键的内核却从不看那个开关。")),
            Record(
                "vllm-project/vllm", 55459, "2026-09-05",
                Bilingual(
                    en:
                        "A neighbour of it: the rotation is missing on both sides, which changes what is rounded; the same flag was stored and never read.",
                    zh: "相近的一例：两边都没有转，舍入的对象就变了；同样是开关存了下来，却从没有人读。")),
        ], run: ClinicRun.oneSidedHadamard)

    private static let firstKeysWin = ClinicSymptom(
        "first-keys-win", Bilingual(en: "The first keys always win, in all layers but one", zh: "总是最靠前的键胜出，而且除了一层，层层如此"),
        compare: Bilingual(
            en:
                "Scores of a later layer: are they all 0? Then the scales as that layer reads them, with those that were written. Write the case into a layer that is not the first.",
            zh: "看靠后一层的得分：是不是全是 0？再拿这一层读到的缩放因子，与写进去的比。请把算例写进第一层以外的层。"),
        commands: inBlocks,
        mistake: Bilingual(
            en:
                "The keys' scales are read from memory that nobody wrote: all scores are 0, and of equal scores the first positions are taken.",
            zh: "键的缩放因子读自没有人写过的内存：得分全是 0，得分相等就取最靠前的位置。"),
        records: [
            Record(
                "ROCm/ATOM", 1466, "2026-07-05",
                Bilingual(
                    en:
                        "Every layer's view of the scales began at the first layer's: the others read zeros, and the top-k went by position. Short contexts show nothing.",
                    zh: "每一层的缩放因子视图都从第一层的地方开始：别的层读到的全是零，top-k 变成按位置排。短上下文看不出来。"))
        ], run: ClinicRun.zeroScales)

    private static let sameKeysWin = ClinicSymptom(
        "same-keys-win",
        Bilingual(
            en: "The same keys win for every query; prefill finds the needle and decoding does not", zh: "不管什么查询，胜出的都是那几个键；预填充找得到针，解码就找不到"),
        compare: Bilingual(
            en: "The scales as the kernel reads them with those that were written: none is negative; with ue8m0 all are powers of two.",
            zh: "拿内核读到的缩放因子与写进去的比：不该有负数；用 ue8m0 时都是二的幂。"),
        commands: inBlocks,
        mistake: Bilingual(
            en:
                "A block of the cache holds all its codes and then all its scales, and is read as codes and scale key by key: codes are taken for scales.",
            zh: "缓存的一块里，先放全部编码，再放全部缩放因子；读的时候却当成每个键的编码后面跟着自己的缩放因子：编码被当成了缩放因子。"),
        records: [
            Record(
                "1CatAI/1Cat-vLLM", 250, "2026-08-19",
                Bilingual(
                    en:
                        "Decode kernels of the DeepSeek-V4 indexer: 6,943 of 13,802 scales negative, magnitudes to 1e38; prefill ranked the needle in its first 17.",
                    zh: "DeepSeek-V4 索引器的解码内核：13,802 个缩放因子有 6,943 个是负数，大到 1e38；预填充却能把针排进前 17 名。")),
            Record(
                "lightseekorg/tokenspeed", 1689, "2026-09-22",
                Bilingual(
                    en:
                        "A 32-bit offset into the scales wrapped, and pages beyond it had other pages' scales; masks stayed right, so every test passed, and answers grew longer.",
                    zh: "缩放因子的 32 位偏移量溢出，后面的页用了别的页的缩放因子；掩码没有错，所以测试全过，只是回答越来越长。")),
        ], run: ClinicRun.misreadBlocks)

    private static let wholeBlocksWin = ClinicSymptom(
        "whole-blocks-win", Bilingual(en: "Kept keys come in whole blocks of the cache", zh: "留下的键总是缓存里整块整块的"),
        compare: Bilingual(
            en:
                "Scores of the keys of one block: are they all the same? And a cache whose blocks stand out of order, with one whose blocks do not.",
            zh: "看同一块里各个键的得分：是不是全一样？再拿块的次序打乱的缓存，与没有打乱的比。"),
        commands: inBlocks,
        mistake: Bilingual(
            en:
                "The position within the block is missing from the address, or a position is used where the block table wants a block: of each block the first key is read for all.",
            zh: "地址里漏了块内的位置，或者该用块号查块表的地方用了词元的位置：每一块都只读到第一个键。"),
        records: [
            Record(
                "ROCm/aiter", 5591, "2026-09-16",
                Bilingual(
                    en: "Of each block of 64 tokens only token 0 is read: 5,968 of 6,000 scores are wrong, in silence.",
                    zh: "每块 64 个词元，只读了第 0 个：6,000 个得分有 5,968 个不对，而且不声不响。")),
            Record(
                "ROCm/aiter", 4440, "2026-07-29",
                Bilingual(
                    en:
                        "The kernel assumed blocks of one token and looked positions up in the block table; some settings crashed, some read mapped memory.",
                    zh: "内核假定一块只有一个词元，拿位置去查块表；有的设置崩溃，有的读到了别处的内存。")),
        ], run: ClinicRun.firstOfBlock)

    private static let newestKeysLost = ClinicSymptom(
        "newest-keys-lost", Bilingual(en: "With speculative tokens it forgets what was just written", zh: "一用投机解码，就记不得刚写下的东西"),
        compare: Bilingual(
            en: "The selection of each of the next_n rows by itself with one computed a token at a time; the keys at each row's boundary.",
            zh: "拿 next_n 行里每一行的选择，与一个词元一个词元算出来的比；特别要看每一行边界上的键。"),
        commands: [
            "attn case make --batch 4 --next-n 2 --keys 2048 --top-k 256 --block-size 64 --ragged 3 --output paged.safetensors",
            "attn case check paged.safetensors mine.safetensors",
        ],
        mistake: Bilingual(
            en: "The causal boundary stands short: seqLens - next_n + row + 1, with a length that is not the whole sequence's.",
            zh: "因果边界太靠前：按 seqLens - next_n + row + 1 算，可是那个长度并不是整个序列的长度。"),
        names: ["offset-2", "offset-1"],
        records: [
            Record(
                "ROCm/ATOM", 2118, "2026-09-02",
                Bilingual(
                    en:
                        "Speculative tokens were refused until then where ranks share the cache: that formula would drop up to next_n - 1 of the most recent keys on all ranks but one, in silence.",
                    zh: "在那以前，缓存分到各卡时不许用投机解码：放行的话，这个公式会在除一张以外的每张卡上，悄悄丢掉最近的键，最多 next_n - 1 个。"))
        ], run: ClinicRun.boundaryShort)

    private static let futureKeysKept = ClinicSymptom(
        "future-keys-kept", Bilingual(en: "Prefill and decoding disagree; prefill looks too good", zh: "预填充和解码对不上，预填充好得可疑"),
        compare: Bilingual(
            en:
                "The last rows of a prefill with the same tokens decoded one by one, and each row's largest kept key with its own position.",
            zh: "拿预填充的最后几行，与同样的词元逐个解码的结果比；再看每一行留下的最大键号，有没有超过自己的位置。"),
        commands: atRealShapes,
        mistake: Bilingual(
            en:
                "The causal boundary stands one too far, or the indexer has none: a query keeps keys, or compressed groups, that hold what comes after it.",
            zh: "因果边界往后多放了一个，或者索引器根本没有边界：查询留下了自己之后的键，或者还没写完的压缩组。"),
        names: ["offset+1", "offset+2"],
        records: [
            Record(
                "vllm-project/tpu-inference", 3536, "2026-09-08",
                Bilingual(
                    en:
                        "A query may see the compressed group that it stands in, whose later tokens it may not know; decoding is not affected.",
                    zh: "查询看得见自己所在的压缩组，组里靠后的词元它本不该知道；解码不受影响。")),
            Record(
                "huggingface/transformers", 45820, "2026-05-07",
                Bilingual(
                    en: "DeepSeek-V4's indexer had no causal mask: every query could choose among all compressed keys.",
                    zh: "DeepSeek-V4 的索引器没有因果掩码：每个查询都能在全部压缩键里挑。")),
        ], run: ClinicRun.boundaryFar)

    private static let repeatsItself = ClinicSymptom(
        "repeats-itself", Bilingual(en: "Above top-k it repeats itself or loses the thread", zh: "超过 top-k 以后反复说同一句话，或者前言不搭后语"),
        compare: Bilingual(
            en:
                "Scores of keys that have negative products with some heads, with the reference's; a product below 0 made ten times as negative must change nothing.",
            zh: "挑与某些头的点积为负的键，拿得分与参考值比；负的点积再负十倍，得分也不该变。"),
        commands: atRealShapes,
        mistake: Bilingual(en: "The ReLU is missing: heads that do not care for a key vote it down.", zh: "漏了 ReLU：对某个键没有兴趣的头，会把它投下去。"),
        names: ["no-relu"],
        records: [
            Record(
                "ml-explore/mlx-lm", 531, "2025-10-06",
                Bilingual(
                    en:
                        "Adds the missing ReLU, and the sum over heads that was missing too; the latter is said to have caused the repetition.",
                    zh: "补上漏掉的 ReLU，还有同样漏掉的各头求和；文字反复，据说是后者造成的。")),
            Record(
                "1CatAI/1Cat-vLLM", 250, "2026-08-19",
                Bilingual(
                    en: "A second defect beside the misread cache: the ReLU was lost; a test at 8K tokens had looked clean.",
                    zh: "除了读错缓存，还有第二个毛病：ReLU 丢了；先前 8K 词元的测试看上去没有问题。")),
        ], run: ClinicRun.withoutReLU)

    private static let twoRunsDiffer = ClinicSymptom(
        "two-runs-differ", Bilingual(en: "Two runs of the same prompt differ above top-k", zh: "同一个提示运行两遍，超过 top-k 以后就不一样"),
        compare: Bilingual(
            en:
                "The scores at the cut: how many keys have the very same one? Then the selection, by the rule that the lower position wins.",
            zh: "看入选线上的得分：有多少个键一模一样？再按“位置靠前的胜出”这条规则比选择。"),
        commands: [
            "attn case make --queries 4 --keys 8192 --top-k 2048 --seed 7 --output case.safetensors",
            "attn case check case.safetensors mine.safetensors --ties low",
        ],
        mistake: Bilingual(
            en:
                "Scores or head weights are rounded to bf16 before the top-k, which makes ties, and a top-k that works in parallel takes any of those.",
            zh: "得分或头的权重在 top-k 之前舍入成了 bf16，于是有了平分；并行的 top-k 碰到平分，取哪个都有可能。"),
        records: [
            Record(
                "sgl-project/sglang", 19041, "2026-02-20",
                Bilingual(
                    en:
                        "Quotes GLM-5's report: a top-k that is not deterministic soon spoiled reinforcement learning; keeps the head weights in float32 to have fewer ties.",
                    zh: "引 GLM-5 的报告：不确定的 top-k 很快就让强化学习变坏；于是头的权重保持 float32，好少一些平分。")),
            Record(
                "vllm-project/vllm", 51782, "2026-09-12",
                Bilingual(
                    en:
                        "A top-k kernel drops keys when many scores fall into one coarse bin; a comment of that day: an exact top-k did not mend that deployment's errors.",
                    zh: "很多得分落进同一个粗分箱时，一个 top-k 内核会丢键；当天的一条评论说：换成精确的 top-k，也没有治好那里的毛病。")),
        ], run: ClinicRun.roundedScores)

    private static let wrongInChunks = ClinicSymptom(
        "wrong-in-chunks", Bilingual(en: "Right in one piece, wrong when the prefill is cut into chunks", zh: "整段预填充是对的，一分段就错"),
        compare: Bilingual(
            en: "The selection of a prefill in one piece with that of the same text in chunks, from the second chunk on.",
            zh: "同一段文字，拿整段预填充的选择与分段的比，从第二段开始看。"),
        commands: ["attn case clinic wrong-in-chunks --output clinic", "attn case check clinic/case.safetensors mine.safetensors"],
        mistake: Bilingual(
            en: "Each chunk counts its rows from 0, and so does its causal boundary: later chunks choose among the first keys alone.",
            zh: "每一段都从 0 数起，因果边界也跟着从 0 数：后面的段只能在最前面的键里挑。"),
        records: [
            Record(
                "NVIDIA/Megatron-LM", 5099, "2026-06-26",
                Bilingual(
                    en:
                        "An automatic reviewer's remark on a sliced score computation: the mask sees every chunk as starting at query row 0.",
                    zh: "自动审查对分段计算得分的一条意见：在掩码看来，每一段都从第 0 个查询开始。"))
        ], run: ClinicRun.chunksFromZero)

    private static let wrongFromTheStart = ClinicSymptom(
        "wrong-from-the-start", Bilingual(en: "The very first score is off already", zh: "第一个得分就已经不对"),
        compare: Bilingual(
            en: "The score of query 0 and key 0. Token 0 is turned by nothing: if this one is off, the mistake comes before RoPE.",
            zh: "看 0 号查询对 0 号键的得分。0 号词元一点也不转：这里就不对，错误在旋转位置编码之前。"),
        commands: stageByStage,
        mistake: Bilingual(
            en:
                "The key's norm is an RMSNorm instead of a LayerNorm with weight and bias, or its ε is another. (The record tells of the norm; what it looks like is measured here.)",
            zh: "键的归一化用了 RMSNorm，本该是带权重和偏置的 LayerNorm；或者 ε 不对。（记录说的是归一化，症状是这里量出来的。）"),
        names: ["rms-instead-of-layer-norm", "no-k-norm", "no-norm-bias"],
        records: [
            Record(
                "PaddlePaddle/FastDeploy", 7398, "2026-04-14",
                Bilingual(
                    en: "The indexer's k_norm was an RMSNorm, and becomes a LayerNorm as in the official implementation.",
                    zh: "索引器的 k_norm 原是 RMSNorm，照官方实现改成 LayerNorm。"))
        ], run: ClinicRun.wrongNorm)
}
