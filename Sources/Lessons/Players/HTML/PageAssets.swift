// What pages are made with: the templates, the stylesheet, the script, and the glossary.

internal import Mustache

/// The files of `assets/page` and the glossary, read once.
public struct PageAssets: Sendable {
    let library: MustacheLibrary
    let style: String
    /// What every page does.
    let script: String
    /// What a lesson's page does besides: its cells, its panels, and the engine behind them.
    let lessonScript: String
    let glossary: Glossary

    /// Reads `lesson.mustache`, `index.mustache`, `switches.mustache`, `style.css` and the scripts of `folder`, and the glossary's YAML file.
    public init(folder: String, glossary: String) throws(LessonError) {
        var templates: [String: MustacheTemplate] = [:]
        for name in ["lesson", "index", "switches"] {
            let file = "\(folder)/\(name).mustache"
            let text = try readText(file)
            do { templates[name] = try MustacheTemplate(string: text) } catch {
                throw LessonError(.badFile, at: .init(file: file, line: 1, column: 1), "not a mustache template: \(error)")
            }
        }
        library = MustacheLibrary(templates: templates)
        style = try readText(folder + "/style.css")
        script = try readText(folder + "/script.js")
        lessonScript = try ["engine", "scene", "cells", "redrawn", "settings", "panel"].map { name throws(LessonError) in
            try readText("\(folder)/\(name).js")
        }
        .joined(separator: "\n")
        self.glossary = try Glossary(file: glossary)
    }

    /// Renders a template.
    func render(_ template: String, _ context: [String: Any]) throws(LessonError) -> [UInt8] {
        guard let text = library.render(context, withTemplate: template) else {
            throw LessonError(.noInput, "\(template).mustache: there is no such template")
        }
        return Array(text.utf8)
    }
}
