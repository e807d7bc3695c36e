-- Generated from schema.py by `python -m avow.server.store.generate`; do not edit.

CREATE UNLOGGED TABLE kv (
	key TEXT COLLATE "C" NOT NULL,
	value BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CONSTRAINT pk_kv PRIMARY KEY (key)
);

CREATE INDEX ix_kv_expires_at ON kv (expires_at);

CREATE TABLE meta (
	name TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_meta PRIMARY KEY (name)
);

CREATE TABLE projects (
	id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	environment TEXT COLLATE "C" NOT NULL,
	version BIGINT NOT NULL,
	issuer_host TEXT COLLATE "C",
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_projects PRIMARY KEY (id)
);

CREATE UNIQUE INDEX uq_projects_issuer_host ON projects (issuer_host);

CREATE TABLE audit_events (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	occurred_at BIGINT NOT NULL,
	action TEXT COLLATE "C" NOT NULL,
	outcome TEXT COLLATE "C" NOT NULL,
	actor TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	address TEXT COLLATE "C" NOT NULL,
	device TEXT COLLATE "C" NOT NULL,
	data TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_audit_events PRIMARY KEY (project_id, id),
	CONSTRAINT fk_audit_events_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_audit_events_project_id_occurred_at_id ON audit_events (project_id, occurred_at, id);

CREATE INDEX ix_audit_events_project_id_user_id_occurred_at ON audit_events (project_id, user_id, occurred_at);

CREATE TABLE challenges (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	purpose TEXT COLLATE "C" NOT NULL,
	subject TEXT COLLATE "C" NOT NULL,
	mac BYTEA NOT NULL,
	binding TEXT COLLATE "C" NOT NULL,
	attempts_left BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CONSTRAINT pk_challenges PRIMARY KEY (project_id, id),
	CONSTRAINT fk_challenges_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_challenges_project_id_expires_at ON challenges (project_id, expires_at);

CREATE UNIQUE INDEX uq_challenges_subject ON challenges (project_id, purpose, subject);

CREATE TABLE counters (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	value BIGINT NOT NULL,
	ends_at BIGINT NOT NULL,
	CONSTRAINT pk_counters PRIMARY KEY (project_id, id),
	CONSTRAINT fk_counters_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_counters_project_id_ends_at ON counters (project_id, ends_at);

CREATE TABLE management_keys (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	secret_mac BYTEA NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT,
	CONSTRAINT pk_management_keys PRIMARY KEY (project_id, id),
	CONSTRAINT fk_management_keys_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT ck_management_keys_status CHECK (status IN ('active', 'revoked'))
);

CREATE TABLE message_templates (
	project_id TEXT COLLATE "C" NOT NULL,
	template TEXT COLLATE "C" NOT NULL,
	method TEXT COLLATE "C" NOT NULL,
	locale TEXT COLLATE "C" NOT NULL,
	subject TEXT COLLATE "C" NOT NULL,
	text TEXT COLLATE "C" NOT NULL,
	html TEXT COLLATE "C" NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_message_templates PRIMARY KEY (project_id, template, method, locale),
	CONSTRAINT fk_message_templates_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE outbox (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	challenge_id TEXT COLLATE "C",
	template TEXT COLLATE "C" NOT NULL,
	method TEXT COLLATE "C" NOT NULL,
	locale TEXT COLLATE "C" NOT NULL,
	address_mac BYTEA NOT NULL,
	phone_prefix TEXT COLLATE "C" NOT NULL,
	sealed BYTEA,
	state TEXT COLLATE "C" NOT NULL,
	attempts BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	leased_until BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	finished_at BIGINT,
	error TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_outbox PRIMARY KEY (project_id, id),
	CONSTRAINT fk_outbox_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT ck_outbox_state CHECK (state IN ('waiting', 'leased', 'sent', 'dropped', 'failed'))
);

CREATE INDEX ix_outbox_due ON outbox (state, due_at);

CREATE INDEX ix_outbox_open ON outbox (method, due_at) WHERE state IN ('waiting', 'leased');

CREATE INDEX ix_outbox_project_id_address_mac_created_at ON outbox (project_id, address_mac, created_at);

CREATE INDEX ix_outbox_project_id_created_at ON outbox (project_id, created_at);

CREATE INDEX ix_outbox_project_id_phone_prefix_created_at ON outbox (project_id, phone_prefix, created_at);

CREATE TABLE permissions (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_permissions PRIMARY KEY (project_id, id),
	CONSTRAINT fk_permissions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_permissions_name ON permissions (project_id, name);

CREATE TABLE project_settings (
	project_id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_project_settings PRIMARY KEY (project_id, name),
	CONSTRAINT fk_project_settings_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE signing_keys (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	key_set TEXT COLLATE "C" NOT NULL,
	algorithm TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	public_jwk TEXT COLLATE "C" NOT NULL,
	sealed_private BYTEA,
	created_at BIGINT NOT NULL,
	promoted_at BIGINT,
	unpublish_at BIGINT,
	CONSTRAINT pk_signing_keys PRIMARY KEY (project_id, id),
	CONSTRAINT fk_signing_keys_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT ck_signing_keys_key_set CHECK (key_set IN ('session', 'oidc')),
	CONSTRAINT ck_signing_keys_state CHECK (state IN ('next', 'active', 'retired', 'removed'))
);

CREATE UNIQUE INDEX uq_signing_keys_state ON signing_keys (project_id, key_set, state) WHERE state IN ('next', 'active');

CREATE TABLE tenants (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_tenants PRIMARY KEY (project_id, id),
	CONSTRAINT fk_tenants_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE users (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	given_name TEXT COLLATE "C" NOT NULL,
	middle_name TEXT COLLATE "C" NOT NULL,
	family_name TEXT COLLATE "C" NOT NULL,
	email TEXT COLLATE "C" NOT NULL,
	email_folded TEXT COLLATE "C" NOT NULL,
	is_email_verified BIGINT NOT NULL,
	phone TEXT COLLATE "C" NOT NULL,
	is_phone_verified BIGINT NOT NULL,
	picture TEXT COLLATE "C" NOT NULL,
	is_test BIGINT NOT NULL,
	credential_version BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_users PRIMARY KEY (project_id, id),
	CONSTRAINT ck_users_is_email_verified CHECK (is_email_verified IN (0, 1)),
	CONSTRAINT ck_users_is_phone_verified CHECK (is_phone_verified IN (0, 1)),
	CONSTRAINT ck_users_is_test CHECK (is_test IN (0, 1)),
	CONSTRAINT fk_users_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT ck_users_status CHECK (status IN ('enabled', 'disabled', 'invited'))
);

CREATE INDEX ix_users_project_id_created_at_id ON users (project_id, created_at, id);

CREATE INDEX ix_users_project_id_email_folded ON users (project_id, email_folded);

CREATE INDEX ix_users_project_id_phone ON users (project_id, phone);

CREATE TABLE login_ids (
	project_id TEXT COLLATE "C" NOT NULL,
	login_id TEXT COLLATE "C" NOT NULL,
	typed TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_login_ids PRIMARY KEY (project_id, login_id),
	CONSTRAINT fk_login_ids_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_login_ids_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_login_ids_project_id_user_id ON login_ids (project_id, user_id);

CREATE TABLE memberships (
	project_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_memberships PRIMARY KEY (project_id, user_id, tenant_id),
	CONSTRAINT fk_memberships_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_memberships_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_memberships_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_memberships_project_id_tenant_id_user_id ON memberships (project_id, tenant_id, user_id);

CREATE TABLE roles (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C",
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_roles PRIMARY KEY (project_id, id),
	CONSTRAINT fk_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_roles_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_roles_project_name ON roles (project_id, name) WHERE tenant_id IS NULL;

CREATE UNIQUE INDEX uq_roles_tenant_name ON roles (project_id, tenant_id, name) WHERE tenant_id IS NOT NULL;

CREATE TABLE sessions (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C",
	generation BIGINT NOT NULL,
	rotates BIGINT NOT NULL,
	rotated_at BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	last_used_at BIGINT NOT NULL,
	revoked_at BIGINT,
	revoked_why TEXT COLLATE "C",
	amr TEXT COLLATE "C" NOT NULL,
	claims TEXT COLLATE "C" NOT NULL,
	unsigned_claims TEXT COLLATE "C" NOT NULL,
	address TEXT COLLATE "C" NOT NULL,
	device TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_sessions PRIMARY KEY (project_id, id),
	CONSTRAINT ck_sessions_rotates CHECK (rotates IN (0, 1)),
	CONSTRAINT fk_sessions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_sessions_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_sessions_project_id_expires_at ON sessions (project_id, expires_at);

CREATE INDEX ix_sessions_project_id_user_id_created_at ON sessions (project_id, user_id, created_at);

CREATE TABLE membership_roles (
	project_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	role_id TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_membership_roles PRIMARY KEY (project_id, user_id, tenant_id, role_id),
	CONSTRAINT fk_membership_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_membership_roles_project_id_user_id_tenant_id FOREIGN KEY(project_id, user_id, tenant_id) REFERENCES memberships (project_id, user_id, tenant_id) ON DELETE CASCADE,
	CONSTRAINT fk_membership_roles_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_membership_roles_project_id_role_id ON membership_roles (project_id, role_id);

CREATE TABLE role_permissions (
	project_id TEXT COLLATE "C" NOT NULL,
	role_id TEXT COLLATE "C" NOT NULL,
	permission_id TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_role_permissions PRIMARY KEY (project_id, role_id, permission_id),
	CONSTRAINT fk_role_permissions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_role_permissions_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_role_permissions_project_id_permission_id FOREIGN KEY(project_id, permission_id) REFERENCES permissions (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_role_permissions_project_id_permission_id ON role_permissions (project_id, permission_id);

CREATE TABLE user_roles (
	project_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	role_id TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_user_roles PRIMARY KEY (project_id, user_id, role_id),
	CONSTRAINT fk_user_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_user_roles_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_user_roles_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_user_roles_project_id_role_id ON user_roles (project_id, role_id);

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

INSERT INTO alembic_version (version_num) VALUES ('0001');
