import Recipes
import Reports
import Testing

@Suite("Model card") struct ModelCardTests {
  private let recipe = """
    merge_method: task_arithmetic
    base_model: org/base
    models:
      - {model: org/base}
      - {model: ./local, parameters: {weight: 0.5}}
    """

  @Test("holds front matter, method, models and the recipe as written")
  func text() throws {
    let document = try RecipeDocument.parse(text: recipe, location: "r.yaml")
    let card = ModelCard(
      name: "out", document: document, recipeText: recipe, hubModels: ["org/base"])
    #expect(
      card.text == """
        ---
        base_model:
        - org/base
        library_name: transformers
        tags:
        - mergekit
        - merge
        - mergevolve
        ---

        # out

        A merge of language models, made with Mergevolve without any training.

        ## Method

        - **task_arithmetic**, relative to `org/base`: weighted sum of the differences from base_model \
        (https://arxiv.org/abs/2212.04089)

        ## Models

        - `org/base`
        - `./local`

        ## Recipe

        ```yaml
        \(recipe)
        ```

        """)
  }

  @Test("keeps a fence that the recipe cannot close")
  func fence() throws {
    let document = try RecipeDocument.parse(text: recipe, location: "r.yaml")
    let text = recipe + "\n# ```` \n"
    let card = ModelCard(name: "out", document: document, recipeText: text, hubModels: [])
    #expect(card.text.contains("`````yaml\n\(text)`````\n"))
    #expect(!card.text.contains("base_model:\n-"))
  }
}
