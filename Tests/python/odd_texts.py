"""Texts that tokenizers find hard, made from seeds: the same seed gives the same texts."""

import random

PARTS = [
    "the", "The", "capital", " of", " Japan", " is", "tokenizer", "unbelievable", "don't", "DON'T", "we'Ll", "I've", "they're", "it's", "IT'S", "'\u017f",
    "he'd", "'m", "''", "'", "’s", "l'été", "a", "b", "ab", "aaaa", "hello", "world", "straße", "STRASSE", "İstanbul", "ΣΊΣΥΦΟΣ", "naïve", "nai\u0308ve",
    "\u212b", "\u00c5", "A\u030a", "e\u0301", "\u1e69", "s\u0323\u0307", "s\u0307\u0323", "\u0344", "\u0958", "q\u0307\u0323\u0327", "\u0301", "\u0300\u0316\u0301",
    "0", "1", "12", "123", "1234", "1234567", "3.14", "1,000", "٣٤٥", "४२", "１２３", "²", "½", "Ⅷ", "①", "㊿", "x²", "一二三", "٠", "𝟘𝟙𝟚",
    " ", "  ", "   ", "\t", "\t\t", "\n", "\n\n", "\r\n", "\r", " \n", "\n ", " \t\n  ", "\u00a0", "\u3000", "\u2028", "\u2029", "\u0085", "\u000b", "\u000c",
    "\u001c", "\u001f", "\u200b", "\u200c", "\u200d", "\ufeff", "\u2060", "\u1680", "\u2003", "\u202f", "\u180e", "\u00ad",
    "我", "大理", "我们去大理旅行", "你好，世界。", "東京", "日本の首都は", "カタカナ", "ｶﾞ", "が", "か\u3099", "한국어", "\u1112\u1161\u11ab", "가\u11a8", "\u11a8", "각",
    "𠀀", "𪜀", "𫝀", "𫠠", "豈", "\U0002f800", "〇", "々", "㍿", "㌔", "﷽", "\ufdfa", "ﬁ", "ﬀ", "ﬆ", "ſt", "𝔘𝔫𝔦", "ｆｕｌｌ", "™", "ª", "…", "─",
    "👍", "👍🏽", "👨\u200d👩\u200d👧\u200d👦", "🏳️\u200d🌈", "🇯🇵", "🇯", "❤️", "☺", "1️⃣", "🫠", "🪿",
    "שלום", "שָׁלוֹם", "مرحبا", "مَرْحَبًا", "ﷲ", "\u202e", "\u202c", "\u200f", "\u2067", "नमस्ते", "क्षि", "ไทย", "ภาษา", "မြန်မာ", "ខ្មែរ", "བོད", "ⴰⵎⴰ", "ᏣᎳᎩ", "\uabb0",
    "\0", "\x01", "\x07", "\x1b[0m", "\x7f", "\x80", "\x9f", "\ufffd", "\ue000", "\U0010fffd", "\uffff", "\ufdd0", "\U0001fffe", "\u0378", "\U000e0001", "\U000e0100",
    "\u088f", "\ua7ce", "\U00010940", "\U0001e5f1", "\u166d", "\U000111c9", "\u1cf2", "\u0897", "\u2e43", "\u32ff", "\uab69", "\U00011938", "\u1c89", "\U00016ff4",
    ".", ",", "!", "?", "...", "!!!", "->", "==", "!=", "()", "[]", "{}", "$", "^", "`", "~", "+", "|", "<", ">", "#", "##", "##ing", "@", "_", "__init__", "\\n",
    "//", "http://a.b/c?d=e&f", "x = 3;", "def f(x):\n    return x", "\u2018q\u2019", "“q”", "«q»", "—", "§", "©", "¡", "¿", "·", "٪",
    "\u2581", "\u2581\u2581", "\u2581a", "Ġ", "Ċ", "Ġthe", "<0x0A>", "<0xE6>", "<s>", "</s>", "<unk>", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<mask>", " <mask> ",
    "<|endoftext|>", "<|begin_of_text|>", "<tool>", "tool", "a<tool>b", " <tool>", "<Wide>", "<wide>", "  <Wide>\n", "e\u0301<e\u0301>", "<\u00e9>", "<e\u0301>",
]


def code_point(random):
    """Any code point but surrogates, the small ones more often."""
    end = random.choice([0x80, 0x250, 0x800, 0x3000, 0x10000, 0x20000, 0x110000])
    while True:
        value = random.randrange(end)
        if not 0xD800 <= value < 0xE000:
            return chr(value)


def odd_text(random):
    parts = []
    for _ in range(random.choice([0, 1, 1, 2, 3, 4, 6, 9, 14])):
        kind = random.random()
        if kind < 0.72:
            parts.append(random.choice(PARTS))
        elif kind < 0.80:
            parts.append(random.choice(PARTS) * random.randrange(2, 12))
        elif kind < 0.92:
            parts.append(code_point(random))
        elif kind < 0.96:
            parts.append(random.choice([" ", "\n", "\t", "\u3000"]) * random.randrange(1, 9))
        else:
            parts.append("".join(random.choice("aeionst ") for _ in range(random.randrange(1, 160))))
        if random.random() < 0.3:
            parts.append(" ")
    return "".join(parts)


def odd_texts(count, seed):
    source = random.Random(seed)
    return [odd_text(source) for _ in range(count)]


def every_code_point():
    """All code points of the planes in use, and one in 97 of the others; sixty-four a text, each apart from its neighbours."""
    values = [value for value in range(0x110000) if value < 0x33480 or 0xE0000 <= value < 0xE0200 or value % 97 == 0]
    texts = [chr(value) for value in values if not 0xD800 <= value < 0xE000]
    return ["a".join(texts[i : i + 64]) for i in range(0, len(texts), 64)]
