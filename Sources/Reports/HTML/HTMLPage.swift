import Mustache

/// A page that needs nothing else: style sheet, tables and pictures are in it, scripts there are none.
struct HTMLPage: Sendable {
  struct Lead: Sendable {
    enum Tone: String, Sendable {
      case better, same, worse, open
    }

    var text: String
    var tone: Tone
  }

  struct Fact: Sendable {
    var name: String
    var value: String
    var note: String?
  }

  var title: String
  var lead: [Lead]
  var facts: [Fact]
  var sections: [PageSection]
  var footer: String

  /// Widths at which pictures are drawn, in pixels; the style sheet shows one of two variants.
  private static let widths = (wide: 860.0, narrow: 340.0)

  var html: String {
    PageTemplates.page.render([
      "title": title, "style": PageStyle.text,
      "lead": lead.map { ["prose": Markup(prose: $0.text).source, "tone": $0.tone.rawValue] },
      "facts": facts.map { fact -> [String: Any] in
        var members: [String: Any] = ["name": fact.name, "value": fact.value]
        if let note = fact.note { members["note"] = note }
        return members
      },
      "sections": sections.map { section in
        [
          "id": section.id, "title": section.title,
          "body": Self.markup(section.blocks, id: section.id).source,
        ]
      },
      "footer": Markup(prose: footer).source,
    ])
  }

  private static func markup(_ blocks: [Block], id: String) -> Markup {
    blocks.enumerated().reduce(Markup()) { source, entry in
      source + markup(entry.element, id: "\(id)-\(entry.offset + 1)")
    }
  }

  private static func markup(_ block: Block, id: String) -> Markup {
    let source =
      switch block {
      case .paragraph(let text):
        PageTemplates.paragraph.render(["prose": Markup(prose: text).source])
      case .warning(let text): PageTemplates.warning.render(["prose": Markup(prose: text).source])
      case .list(let items): PageTemplates.list.render(["items": items])
      case .source(let text): PageTemplates.source.render(["text": text])
      case .table(let table): PageTemplates.table.render(members(of: table))
      case .figure(let picture): figure(picture, id: id).source
      case .gallery(let pictures):
        PageTemplates.gallery.render([
          "body": pictures.enumerated().map { index, picture in
            figure(picture, id: "\(id)-\(index + 1)", variants: ["small"]).source
          }.joined()
        ])
      case .details(let summary, let blocks):
        PageTemplates.details.render([
          "summary": summary, "body": markup(blocks, id: id).source,
        ])
      }
    return Markup(rendered: source)
  }

  private static func members(of table: Block.Table) -> [String: Any] {
    func cell(_ column: Int, _ text: String) -> [String: Any] {
      ["isNumber": column >= table.wordColumns, "text": text]
    }
    return [
      "caption": table.caption,
      "header": table.header.enumerated().map { cell($0.offset, $0.element) },
      "rows": table.rows.map { row -> [String: Any] in
        [
          "isEmphasised": row.isEmphasised, "first": Markup(name: row.cells.first ?? "").source,
          "cells": row.cells.enumerated().dropFirst().map { cell($0.offset, $0.element) },
        ]
      },
    ]
  }

  private static func figure(
    _ picture: Block.Picture, id: String, variants: [String] = ["wide", "narrow"]
  ) -> Markup {
    let members: [String: Any] = [
      "title": picture.plot.title,
      "hasLegend": !picture.legend.isEmpty,
      "legend": picture.legend.map { key -> [String: Any] in
        [
          "name": key.name, "style": key.style.rawValue, "shape": key.isLine ? "line" : "dots",
          "data": key.isLine ? "M1 6H23" : "M12 6h0",
        ]
      },
      "pictures": variants.map { variant in
        picture.plot.svg(
          width: variant == "wide" ? widths.wide : widths.narrow, id: id, variant: variant
        ).source
      }.joined(separator: "\n"),
    ]
    return Markup(rendered: PageTemplates.figure.render(members))
  }
}
