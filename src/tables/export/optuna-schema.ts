const id = (name: string) => `${name} INTEGER NOT NULL`;

/** By table of Optuna's RDBStorage (schema 12, alembic v3.2.0.a), its columns and constraints. */
const definitions: Record<string, readonly string[]> = {
  studies: [id("study_id"), "study_name VARCHAR(512) NOT NULL", "PRIMARY KEY (study_id)"],
  version_info: [
    id("version_info_id"),
    "schema_version INTEGER",
    "library_version VARCHAR(256)",
    "PRIMARY KEY (version_info_id)",
    "CHECK (version_info_id = 1)"
  ],
  alembic_version: [
    "version_num VARCHAR(32) NOT NULL",
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)"
  ],
  study_directions: [
    id("study_direction_id"),
    "direction VARCHAR(8) NOT NULL",
    id("study_id"),
    id("objective"),
    "PRIMARY KEY (study_direction_id)",
    "UNIQUE (study_id, objective)",
    "FOREIGN KEY (study_id) REFERENCES studies (study_id)"
  ],
  ...attributes("study_user_attributes", "study_user_attribute_id", "study_id", "studies"),
  ...attributes("study_system_attributes", "study_system_attribute_id", "study_id", "studies"),
  trials: [
    id("trial_id"),
    "number INTEGER",
    "study_id INTEGER",
    "state VARCHAR(8) NOT NULL",
    "datetime_start DATETIME",
    "datetime_complete DATETIME",
    "PRIMARY KEY (trial_id)",
    "FOREIGN KEY (study_id) REFERENCES studies (study_id)"
  ],
  ...attributes("trial_user_attributes", "trial_user_attribute_id", "trial_id", "trials"),
  ...attributes("trial_system_attributes", "trial_system_attribute_id", "trial_id", "trials"),
  trial_params: [
    id("param_id"),
    "trial_id INTEGER",
    "param_name VARCHAR(512)",
    "param_value FLOAT",
    "distribution_json TEXT",
    "PRIMARY KEY (param_id)",
    "UNIQUE (trial_id, param_name)",
    "FOREIGN KEY (trial_id) REFERENCES trials (trial_id)"
  ],
  trial_values: [
    id("trial_value_id"),
    id("trial_id"),
    id("objective"),
    "value FLOAT",
    "value_type VARCHAR(7) NOT NULL",
    "PRIMARY KEY (trial_value_id)",
    "UNIQUE (trial_id, objective)",
    "FOREIGN KEY (trial_id) REFERENCES trials (trial_id)"
  ],
  trial_intermediate_values: [
    id("trial_intermediate_value_id"),
    id("trial_id"),
    id("step"),
    "intermediate_value FLOAT",
    "intermediate_value_type VARCHAR(7) NOT NULL",
    "PRIMARY KEY (trial_intermediate_value_id)",
    "UNIQUE (trial_id, step)",
    "FOREIGN KEY (trial_id) REFERENCES trials (trial_id)"
  ],
  trial_heartbeats: [
    id("trial_heartbeat_id"),
    id("trial_id"),
    "heartbeat DATETIME NOT NULL",
    "PRIMARY KEY (trial_heartbeat_id)",
    "UNIQUE (trial_id)",
    "FOREIGN KEY (trial_id) REFERENCES trials (trial_id)"
  ]
};

function attributes(
  table: string,
  key: string,
  owner: string,
  of: string
): Record<string, readonly string[]> {
  return {
    [table]: [
      id(key),
      `${owner} INTEGER`,
      '"key" VARCHAR(512)',
      "value_json TEXT",
      `PRIMARY KEY (${key})`,
      `UNIQUE (${owner}, "key")`,
      `FOREIGN KEY (${owner}) REFERENCES ${of} (${owner})`
    ]
  };
}

/** The SQL that makes an empty database of Optuna 3.2 or later. */
export const optunaSchema = [
  ...Object.entries(definitions).map(([name, parts]) => `CREATE TABLE ${name} (${parts.join(", ")})`),
  "CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name)",
  "CREATE INDEX ix_trials_study_id ON trials (study_id)",
  "INSERT INTO version_info VALUES (1, 12, '3.4.0')",
  "INSERT INTO alembic_version VALUES ('v3.2.0.a')"
].join(";\n");
