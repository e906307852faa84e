extension StoreSchema {
  /// Two tables are made anew, since a CHECK cannot be altered.
  static let version3 = """
    -- Controls: candidates drawn at random from the distribution that the search began with.
    DROP VIEW best_observed;
    DROP VIEW winner;
    DROP VIEW progress;

    CREATE TABLE new_candidate (
      id INTEGER PRIMARY KEY,           -- 1, 2, ... in order of creation
      kind TEXT NOT NULL CHECK (kind IN ('base', 'expert', 'simple', 'search', 'finalist', 'control')),
      name TEXT,
      run INTEGER,                      -- run, generation, place: where the optimizer proposed it
      generation INTEGER,
      place INTEGER,
      genome BLOB,                      -- little-endian doubles in the order of plan.space
      point BLOB,                       -- the optimizer's own coordinates, likewise
      recipe TEXT,                      -- YAML for `mergevolve merge`
      fingerprint INTEGER NOT NULL,     -- equal for equal merges
      duplicate_of INTEGER REFERENCES candidate (id),
      status TEXT NOT NULL CHECK (status IN ('pending', 'scored', 'stopped', 'failed', 'dropped')),
      reason TEXT,                      -- why it failed
      stopped_block INTEGER,            -- raced out after this block
      stopped_difference REAL,
      told REAL,                        -- the estimate that the optimizer was told, if it saw a subset
      UNIQUE (run, generation, place),
      FOREIGN KEY (run, generation) REFERENCES generation (run, number)
    ) STRICT;

    INSERT INTO new_candidate
      SELECT id, kind, name, run, generation, place, genome, point, recipe, fingerprint, duplicate_of,
        status, reason, stopped_block, stopped_difference, told
      FROM candidate;
    DROP TABLE candidate;
    ALTER TABLE new_candidate RENAME TO candidate;
    CREATE INDEX candidate_fingerprint ON candidate (fingerprint);

    -- The winner's score less another's: paired bootstrap over the items.
    CREATE TABLE new_comparison (
      round INTEGER NOT NULL REFERENCES conclusion (round),
      position INTEGER NOT NULL,
      opponent INTEGER NOT NULL REFERENCES candidate (id),
      role TEXT NOT NULL CHECK (role IN ('best_parent', 'best_simple', 'control', 'parent')),
      split TEXT NOT NULL,
      gain REAL NOT NULL,
      low REAL NOT NULL,
      high REAL NOT NULL,
      level REAL NOT NULL,
      words TEXT NOT NULL,
      PRIMARY KEY (round, position)
    ) STRICT, WITHOUT ROWID;

    INSERT INTO new_comparison SELECT * FROM comparison;
    DROP TABLE comparison;
    ALTER TABLE new_comparison RENAME TO comparison;

    -- The views as before.
    CREATE VIEW best_observed AS
      SELECT c.id, c.run, c.generation, c.place, coalesce(c.told, e.score) AS score, c.recipe
      FROM candidate c JOIN evaluation e ON e.candidate = c.id JOIN search s
      WHERE c.kind = 'search' AND c.status = 'scored' AND e.split = 'search'
        AND e.precision = s.precision AND e.decode = s.decode
      ORDER BY coalesce(c.told, e.score) DESC, c.id
      LIMIT 1;

    CREATE VIEW progress AS
      SELECT g.run, g.number AS generation, g.outcome,
        count(c.id) AS candidates,
        count(c.id) FILTER (WHERE c.status = 'scored') AS scored,
        count(c.id) FILTER (WHERE c.status = 'stopped') AS stopped,
        count(c.id) FILTER (WHERE c.status = 'failed') AS failed,
        max(coalesce(c.told, e.score)) AS best,
        avg(coalesce(c.told, e.score)) AS mean,
        max(max(coalesce(c.told, e.score))) OVER (ORDER BY g.run, g.number) AS best_so_far
      FROM search s JOIN generation g
        LEFT JOIN candidate c ON c.run = g.run AND c.generation = g.number
        LEFT JOIN evaluation e ON e.candidate = c.id AND e.split = 'search'
          AND e.precision = s.precision AND e.decode = s.decode AND c.status = 'scored'
      GROUP BY g.run, g.number
      ORDER BY g.run, g.number;

    CREATE VIEW winner AS
      SELECT c.id, c.name, k.round,
        (SELECT avg(score) FROM evaluation
         WHERE candidate = c.id AND split = 'validation' AND complete = 1) AS validation,
        (SELECT avg(score) FROM evaluation
         WHERE candidate = c.id AND split = 'test' AND complete = 1) AS test,
        c.recipe
      FROM conclusion k JOIN candidate c ON c.id = k.winner
      ORDER BY k.round DESC
      LIMIT 1;
    """
}
