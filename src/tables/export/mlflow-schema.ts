/**
 * The tables of a tracking store of MLflow as of its schema revision 867495a8f9d4 (2.13, May 2024), all of them, so that
 * `mlflow db upgrade` brings the file to any later version.
 */
export const mlflowRevision = "867495a8f9d4";

const text = (length: number) => `VARCHAR(${length})`;

/** By table, its columns and constraints. */
const definitions: Record<string, readonly string[]> = {
  alembic_version: [
    `version_num ${text(32)} NOT NULL`,
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)"
  ],
  experiments: [
    "experiment_id INTEGER NOT NULL",
    `name ${text(256)} NOT NULL`,
    `artifact_location ${text(256)}`,
    `lifecycle_stage ${text(32)}`,
    "creation_time BIGINT",
    "last_update_time BIGINT",
    "CONSTRAINT experiment_pk PRIMARY KEY (experiment_id)",
    "UNIQUE (name)",
    "CONSTRAINT experiments_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted'))"
  ],
  runs: [
    `run_uuid ${text(32)} NOT NULL`,
    `name ${text(250)}`,
    `source_type ${text(20)}`,
    `source_name ${text(500)}`,
    `entry_point_name ${text(50)}`,
    `user_id ${text(256)}`,
    `status ${text(9)}`,
    "start_time BIGINT",
    "end_time BIGINT",
    `source_version ${text(50)}`,
    `lifecycle_stage ${text(20)}`,
    `artifact_uri ${text(200)}`,
    "experiment_id INTEGER",
    "deleted_time BIGINT",
    "CONSTRAINT run_pk PRIMARY KEY (run_uuid)",
    "FOREIGN KEY (experiment_id) REFERENCES experiments (experiment_id)",
    "CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted'))",
    "CONSTRAINT source_type CHECK (source_type IN ('NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT'))",
    "CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED'))"
  ],
  experiment_tags: [
    `key ${text(250)} NOT NULL`,
    `value ${text(5000)}`,
    "experiment_id INTEGER NOT NULL",
    "CONSTRAINT experiment_tag_pk PRIMARY KEY (key, experiment_id)",
    "FOREIGN KEY (experiment_id) REFERENCES experiments (experiment_id)"
  ],
  tags: [
    `key ${text(250)} NOT NULL`,
    `value ${text(5000)}`,
    `run_uuid ${text(32)} NOT NULL`,
    "CONSTRAINT tag_pk PRIMARY KEY (key, run_uuid)",
    "FOREIGN KEY (run_uuid) REFERENCES runs (run_uuid)"
  ],
  params: [
    `key ${text(250)} NOT NULL`,
    `value ${text(8000)} NOT NULL`,
    `run_uuid ${text(32)} NOT NULL`,
    "CONSTRAINT param_pk PRIMARY KEY (key, run_uuid)",
    "FOREIGN KEY (run_uuid) REFERENCES runs (run_uuid)"
  ],
  metrics: [
    `key ${text(250)} NOT NULL`,
    "value FLOAT NOT NULL",
    "timestamp BIGINT NOT NULL",
    `run_uuid ${text(32)} NOT NULL`,
    "step BIGINT DEFAULT '0' NOT NULL",
    "is_nan BOOLEAN DEFAULT '0' NOT NULL",
    "CONSTRAINT metric_pk PRIMARY KEY (key, timestamp, step, run_uuid, value, is_nan)",
    "FOREIGN KEY (run_uuid) REFERENCES runs (run_uuid)",
    "CHECK (is_nan IN (0, 1))"
  ],
  latest_metrics: [
    `key ${text(250)} NOT NULL`,
    "value FLOAT NOT NULL",
    "timestamp BIGINT",
    "step BIGINT NOT NULL",
    "is_nan BOOLEAN NOT NULL",
    `run_uuid ${text(32)} NOT NULL`,
    "CONSTRAINT latest_metric_pk PRIMARY KEY (key, run_uuid)",
    "FOREIGN KEY (run_uuid) REFERENCES runs (run_uuid)",
    "CHECK (is_nan IN (0, 1))"
  ],
  datasets: [
    `dataset_uuid ${text(36)} NOT NULL`,
    "experiment_id INTEGER NOT NULL",
    `name ${text(500)} NOT NULL`,
    `digest ${text(36)} NOT NULL`,
    `dataset_source_type ${text(36)} NOT NULL`,
    "dataset_source TEXT NOT NULL",
    "dataset_schema TEXT",
    "dataset_profile TEXT",
    "CONSTRAINT dataset_pk PRIMARY KEY (experiment_id, name, digest)",
    "FOREIGN KEY (experiment_id) REFERENCES experiments (experiment_id)"
  ],
  inputs: [
    `input_uuid ${text(36)} NOT NULL`,
    `source_type ${text(36)} NOT NULL`,
    `source_id ${text(36)} NOT NULL`,
    `destination_type ${text(36)} NOT NULL`,
    `destination_id ${text(36)} NOT NULL`,
    "CONSTRAINT inputs_pk PRIMARY KEY (source_type, source_id, destination_type, destination_id)"
  ],
  input_tags: [
    `input_uuid ${text(36)} NOT NULL`,
    `name ${text(255)} NOT NULL`,
    `value ${text(500)} NOT NULL`,
    "CONSTRAINT input_tags_pk PRIMARY KEY (input_uuid, name)"
  ],
  registered_models: [
    `name ${text(256)} NOT NULL`,
    "creation_time BIGINT",
    "last_updated_time BIGINT",
    `description ${text(5000)}`,
    "CONSTRAINT registered_model_pk PRIMARY KEY (name)",
    "UNIQUE (name)"
  ],
  model_versions: [
    `name ${text(256)} NOT NULL`,
    "version INTEGER NOT NULL",
    "creation_time BIGINT",
    "last_updated_time BIGINT",
    `description ${text(5000)}`,
    `user_id ${text(256)}`,
    `current_stage ${text(20)}`,
    `source ${text(500)}`,
    `run_id ${text(32)}`,
    `status ${text(20)}`,
    `status_message ${text(500)}`,
    `run_link ${text(500)}`,
    `storage_location ${text(500)}`,
    "CONSTRAINT model_version_pk PRIMARY KEY (name, version)",
    "FOREIGN KEY (name) REFERENCES registered_models (name) ON UPDATE CASCADE"
  ],
  registered_model_aliases: [
    `alias ${text(256)} NOT NULL`,
    "version INTEGER NOT NULL",
    `name ${text(256)} NOT NULL`,
    "CONSTRAINT registered_model_alias_pk PRIMARY KEY (name, alias)",
    "CONSTRAINT registered_model_alias_name_fkey FOREIGN KEY (name) REFERENCES registered_models (name) ON DELETE CASCADE ON UPDATE CASCADE"
  ],
  registered_model_tags: [
    `key ${text(250)} NOT NULL`,
    `value ${text(5000)}`,
    `name ${text(256)} NOT NULL`,
    "CONSTRAINT registered_model_tag_pk PRIMARY KEY (key, name)",
    "FOREIGN KEY (name) REFERENCES registered_models (name) ON UPDATE CASCADE"
  ],
  model_version_tags: [
    `key ${text(250)} NOT NULL`,
    `value ${text(5000)}`,
    `name ${text(256)} NOT NULL`,
    "version INTEGER NOT NULL",
    "CONSTRAINT model_version_tag_pk PRIMARY KEY (key, name, version)",
    "FOREIGN KEY (name, version) REFERENCES model_versions (name, version) ON UPDATE CASCADE"
  ],
  trace_info: [
    `request_id ${text(50)} NOT NULL`,
    "experiment_id INTEGER NOT NULL",
    "timestamp_ms BIGINT NOT NULL",
    "execution_time_ms BIGINT",
    `status ${text(50)} NOT NULL`,
    "CONSTRAINT trace_info_pk PRIMARY KEY (request_id)",
    "CONSTRAINT fk_trace_info_experiment_id FOREIGN KEY (experiment_id) REFERENCES experiments (experiment_id)"
  ],
  trace_request_metadata: [
    `key ${text(250)} NOT NULL`,
    `value ${text(8000)}`,
    `request_id ${text(50)} NOT NULL`,
    "CONSTRAINT trace_request_metadata_pk PRIMARY KEY (key, request_id)",
    "CONSTRAINT fk_trace_request_metadata_request_id FOREIGN KEY (request_id) REFERENCES trace_info (request_id)"
  ],
  trace_tags: [
    `key ${text(250)} NOT NULL`,
    `value ${text(8000)}`,
    `request_id ${text(50)} NOT NULL`,
    "CONSTRAINT trace_tag_pk PRIMARY KEY (key, request_id)",
    "CONSTRAINT fk_trace_tags_request_id FOREIGN KEY (request_id) REFERENCES trace_info (request_id)"
  ]
};

const indexes = [
  ...["params", "metrics", "latest_metrics", "tags"].map(
    (table) => `CREATE INDEX index_${table}_run_uuid ON ${table} (run_uuid)`
  ),
  "CREATE INDEX index_datasets_dataset_uuid ON datasets (dataset_uuid)",
  "CREATE INDEX index_datasets_experiment_id_dataset_source_type ON datasets (experiment_id, dataset_source_type)",
  "CREATE INDEX index_inputs_input_uuid ON inputs (input_uuid)",
  "CREATE INDEX index_inputs_destination_type_destination_id_source_type ON inputs (destination_type, destination_id, source_type)",
  "CREATE INDEX index_trace_info_experiment_id_timestamp_ms ON trace_info (experiment_id, timestamp_ms)",
  "CREATE INDEX index_trace_tags_request_id ON trace_tags (request_id)",
  "CREATE INDEX index_trace_request_metadata_request_id ON trace_request_metadata (request_id)"
];

/** The SQL that makes an empty tracking store. */
export const mlflowSchema = [
  ...Object.entries(definitions).map(([name, parts]) => `CREATE TABLE ${name} (${parts.join(", ")})`),
  ...indexes,
  `INSERT INTO alembic_version VALUES ('${mlflowRevision}')`
].join(";\n");
