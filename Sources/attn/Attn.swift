internal import ArgumentParser

@main struct Attn: ParsableCommand {}
