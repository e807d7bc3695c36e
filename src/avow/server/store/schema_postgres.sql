-- Generated from schema/ by `python -m avow.server.store.generate`; do not edit.

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
	tags TEXT COLLATE "C" DEFAULT '[]' NOT NULL,
	deleted_at BIGINT,
	CONSTRAINT pk_projects PRIMARY KEY (id)
);

CREATE UNIQUE INDEX uq_projects_issuer_host ON projects (issuer_host);

CREATE TABLE apis (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	identifier TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	lifetime_seconds BIGINT NOT NULL,
	algorithm TEXT COLLATE "C" NOT NULL,
	has_rbac BIGINT NOT NULL,
	allows_offline BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_apis PRIMARY KEY (project_id, id),
	CONSTRAINT ck_apis_has_rbac CHECK (has_rbac IN (0, 1)),
	CONSTRAINT ck_apis_allows_offline CHECK (allows_offline IN (0, 1)),
	CONSTRAINT fk_apis_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_apis_identifier ON apis (project_id, identifier);

CREATE TABLE applications (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C" NOT NULL,
	logo TEXT COLLATE "C" NOT NULL,
	is_enabled BIGINT NOT NULL,
	is_trusted BIGINT NOT NULL,
	login_page_url TEXT COLLATE "C" NOT NULL,
	force_authentication BIGINT NOT NULL,
	settings TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_applications PRIMARY KEY (project_id, id),
	CONSTRAINT ck_applications_is_enabled CHECK (is_enabled IN (0, 1)),
	CONSTRAINT ck_applications_is_trusted CHECK (is_trusted IN (0, 1)),
	CONSTRAINT ck_applications_force_authentication CHECK (force_authentication IN (0, 1)),
	CONSTRAINT fk_applications_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT ck_applications_kind CHECK (kind IN ('oidc', 'saml', 'wsfed', 'third-party', 'published'))
);

CREATE INDEX ix_applications_project_id_kind ON applications (project_id, kind);

CREATE TABLE attribute_definitions (
	project_id TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	type TEXT COLLATE "C" NOT NULL,
	display_name TEXT COLLATE "C" NOT NULL,
	details TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_attribute_definitions PRIMARY KEY (project_id, kind, name),
	CONSTRAINT fk_attribute_definitions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT ck_attribute_definitions_kind CHECK (kind IN ('user', 'tenant', 'accesskey'))
);

CREATE TABLE attribute_values (
	project_id TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	owner_id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_attribute_values PRIMARY KEY (project_id, kind, owner_id, name, value),
	CONSTRAINT fk_attribute_values_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_attribute_values_project_id_kind_name_value_owner_id ON attribute_values (project_id, kind, name, value, owner_id);

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
	method TEXT COLLATE "C" DEFAULT '' NOT NULL,
	device_kind TEXT COLLATE "C" DEFAULT '' NOT NULL,
	is_unsent BIGINT DEFAULT '0' NOT NULL,
	CONSTRAINT pk_audit_events PRIMARY KEY (project_id, id),
	CONSTRAINT fk_audit_events_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_audit_events_project_id_occurred_at_id ON audit_events (project_id, occurred_at, id);

CREATE INDEX ix_audit_events_project_id_tenant_id_occurred_at ON audit_events (project_id, tenant_id, occurred_at);

CREATE INDEX ix_audit_events_project_id_user_id_occurred_at ON audit_events (project_id, user_id, occurred_at);

CREATE INDEX ix_audit_events_unsent ON audit_events (project_id, occurred_at) WHERE is_unsent = 1;

CREATE TABLE audit_webhooks (
	project_id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C" NOT NULL,
	url TEXT COLLATE "C" NOT NULL,
	filters TEXT COLLATE "C" NOT NULL,
	sealed BYTEA NOT NULL,
	failures BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	error TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_audit_webhooks PRIMARY KEY (project_id, name),
	CONSTRAINT fk_audit_webhooks_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

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

CREATE TABLE flow_executions (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	flow_id TEXT COLLATE "C" NOT NULL,
	flow_version BIGINT NOT NULL,
	step TEXT COLLATE "C" NOT NULL,
	screen_key TEXT COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	state BYTEA NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	session_id TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	ended_at BIGINT,
	CONSTRAINT pk_flow_executions PRIMARY KEY (project_id, id),
	CONSTRAINT fk_flow_executions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_flow_executions_project_id_expires_at ON flow_executions (project_id, expires_at);

CREATE TABLE flows (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C" NOT NULL,
	is_disabled BIGINT NOT NULL,
	etag TEXT COLLATE "C" NOT NULL,
	document TEXT COLLATE "C" NOT NULL,
	screens TEXT COLLATE "C" NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_flows PRIMARY KEY (project_id, id),
	CONSTRAINT ck_flows_is_disabled CHECK (is_disabled IN (0, 1)),
	CONSTRAINT fk_flows_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE imports (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	source TEXT COLLATE "C" NOT NULL,
	position BIGINT NOT NULL,
	digest BYTEA NOT NULL,
	created BIGINT NOT NULL,
	updated BIGINT NOT NULL,
	rejected BIGINT NOT NULL,
	refusals TEXT COLLATE "C" NOT NULL,
	report_bytes BIGINT NOT NULL,
	started_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	finished_at BIGINT,
	CONSTRAINT pk_imports PRIMARY KEY (project_id, id),
	CONSTRAINT fk_imports_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE jwt_templates (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	type TEXT COLLATE "C" NOT NULL,
	document TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_jwt_templates PRIMARY KEY (project_id, id),
	CONSTRAINT fk_jwt_templates_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_jwt_templates_name ON jwt_templates (project_id, name);

CREATE TABLE lists (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C" NOT NULL,
	type TEXT COLLATE "C" NOT NULL,
	document TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_lists PRIMARY KEY (project_id, id),
	CONSTRAINT fk_lists_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_lists_name ON lists (project_id, name);

CREATE TABLE management_keys (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	secret_mac BYTEA NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT,
	description TEXT COLLATE "C" DEFAULT '' NOT NULL,
	permitted_ips TEXT COLLATE "C" DEFAULT '[]' NOT NULL,
	rights TEXT COLLATE "C" DEFAULT '*' NOT NULL,
	tenant_id TEXT COLLATE "C",
	deactivated_at BIGINT,
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

CREATE TABLE oidc_requests (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	application_id TEXT COLLATE "C" NOT NULL,
	issuer TEXT COLLATE "C" NOT NULL,
	parameters TEXT COLLATE "C" NOT NULL,
	browser_mac BYTEA,
	secret_mac BYTEA,
	user_code TEXT COLLATE "C",
	user_id TEXT COLLATE "C" NOT NULL,
	session_id TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	polled_at BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	taken_at BIGINT,
	CONSTRAINT pk_oidc_requests PRIMARY KEY (project_id, id),
	CONSTRAINT fk_oidc_requests_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT ck_oidc_requests_kind CHECK (kind IN ('authorize', 'pushed', 'device')),
	CONSTRAINT ck_oidc_requests_state CHECK (state IN ('waiting', 'allowed', 'denied'))
);

CREATE INDEX ix_oidc_requests_project_id_expires_at ON oidc_requests (project_id, expires_at);

CREATE UNIQUE INDEX uq_oidc_requests_user_code ON oidc_requests (project_id, user_code);

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

CREATE TABLE password_policies (
	project_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	policy TEXT COLLATE "C" NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_password_policies PRIMARY KEY (project_id, tenant_id),
	CONSTRAINT fk_password_policies_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

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

CREATE TABLE providers (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	settings TEXT COLLATE "C" NOT NULL,
	sealed_secret BYTEA,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_providers PRIMARY KEY (project_id, id),
	CONSTRAINT fk_providers_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE saml_assertions (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	expires_at BIGINT NOT NULL,
	CONSTRAINT pk_saml_assertions PRIMARY KEY (project_id, id),
	CONSTRAINT fk_saml_assertions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_saml_assertions_project_id_expires_at ON saml_assertions (project_id, expires_at);

CREATE TABLE saml_keys (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	certificate TEXT COLLATE "C" NOT NULL,
	sealed_private BYTEA NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_saml_keys PRIMARY KEY (project_id, id),
	CONSTRAINT fk_saml_keys_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
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
	is_disabled BIGINT DEFAULT '0' NOT NULL,
	enforces_sso BIGINT DEFAULT '0' NOT NULL,
	parent_id TEXT COLLATE "C",
	role_inheritance TEXT COLLATE "C" DEFAULT '' NOT NULL,
	custom_attributes TEXT COLLATE "C" DEFAULT '{}' NOT NULL,
	details TEXT COLLATE "C" DEFAULT '{}' NOT NULL,
	settings TEXT COLLATE "C" DEFAULT '{}' NOT NULL,
	deleted_at BIGINT,
	takes_members BIGINT DEFAULT '0' NOT NULL,
	deleted_by TEXT COLLATE "C" DEFAULT '' NOT NULL,
	CONSTRAINT pk_tenants PRIMARY KEY (project_id, id),
	CONSTRAINT fk_tenants_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_tenants_deleted ON tenants (project_id, id) WHERE deleted_at IS NOT NULL;

CREATE INDEX ix_tenants_project_id_created_at_id ON tenants (project_id, created_at, id);

CREATE INDEX ix_tenants_project_id_name ON tenants (project_id, name);

CREATE TABLE themes (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	document TEXT COLLATE "C" NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_themes PRIMARY KEY (project_id, id),
	CONSTRAINT fk_themes_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
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
	name_folded TEXT COLLATE "C" DEFAULT '' NOT NULL,
	custom_attributes TEXT COLLATE "C" DEFAULT '{}' NOT NULL,
	external_ids TEXT COLLATE "C" DEFAULT '[]' NOT NULL,
	recovery_email TEXT COLLATE "C" DEFAULT '' NOT NULL,
	is_recovery_email_verified BIGINT DEFAULT '0' NOT NULL,
	recovery_phone TEXT COLLATE "C" DEFAULT '' NOT NULL,
	is_recovery_phone_verified BIGINT DEFAULT '0' NOT NULL,
	is_email_vouched BIGINT DEFAULT '0' NOT NULL,
	is_phone_vouched BIGINT DEFAULT '0' NOT NULL,
	is_anonymous BIGINT DEFAULT '0' NOT NULL,
	impersonation_until BIGINT DEFAULT '0' NOT NULL,
	CONSTRAINT pk_users PRIMARY KEY (project_id, id),
	CONSTRAINT ck_users_is_email_verified CHECK (is_email_verified IN (0, 1)),
	CONSTRAINT ck_users_is_phone_verified CHECK (is_phone_verified IN (0, 1)),
	CONSTRAINT ck_users_is_test CHECK (is_test IN (0, 1)),
	CONSTRAINT fk_users_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT ck_users_status CHECK (status IN ('enabled', 'disabled', 'invited'))
);

CREATE INDEX ix_users_anonymous ON users (project_id, created_at) WHERE is_anonymous = 1;

CREATE INDEX ix_users_listed ON users (project_id, created_at, id, is_test, is_anonymous);

CREATE INDEX ix_users_project_id_email_folded_id ON users (project_id, email_folded, id);

CREATE INDEX ix_users_project_id_name_folded_id ON users (project_id, name_folded, id);

CREATE INDEX ix_users_project_id_phone_id ON users (project_id, phone, id);

CREATE INDEX ix_users_project_id_updated_at_id ON users (project_id, updated_at, id);

CREATE INDEX ix_users_test ON users (project_id, id) WHERE is_test = 1;

CREATE TABLE access_keys (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C" NOT NULL,
	secret_mac BYTEA NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C",
	created_by TEXT COLLATE "C" NOT NULL,
	custom_claims TEXT COLLATE "C" NOT NULL,
	custom_attributes TEXT COLLATE "C" NOT NULL,
	permitted_ips TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT,
	CONSTRAINT pk_access_keys PRIMARY KEY (project_id, id),
	CONSTRAINT fk_access_keys_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_access_keys_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE,
	CONSTRAINT ck_access_keys_status CHECK (status IN ('active', 'inactive'))
);

CREATE INDEX ix_access_keys_project_id_created_at_id ON access_keys (project_id, created_at, id);

CREATE INDEX ix_access_keys_project_id_user_id ON access_keys (project_id, user_id);

CREATE TABLE api_permissions (
	project_id TEXT COLLATE "C" NOT NULL,
	api_id TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_api_permissions PRIMARY KEY (project_id, api_id, name),
	CONSTRAINT fk_api_permissions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_api_permissions_project_id_api_id FOREIGN KEY(project_id, api_id) REFERENCES apis (project_id, id) ON DELETE CASCADE
);

CREATE TABLE application_apis (
	project_id TEXT COLLATE "C" NOT NULL,
	application_id TEXT COLLATE "C" NOT NULL,
	api_id TEXT COLLATE "C" NOT NULL,
	scopes TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_application_apis PRIMARY KEY (project_id, application_id, api_id),
	CONSTRAINT fk_application_apis_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_application_apis_project_id_application_id FOREIGN KEY(project_id, application_id) REFERENCES applications (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_application_apis_project_id_api_id FOREIGN KEY(project_id, api_id) REFERENCES apis (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_application_apis_project_id_api_id ON application_apis (project_id, api_id);

CREATE TABLE application_secrets (
	project_id TEXT COLLATE "C" NOT NULL,
	application_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	mac BYTEA NOT NULL,
	sealed BYTEA NOT NULL,
	created_at BIGINT NOT NULL,
	ends_at BIGINT,
	CONSTRAINT pk_application_secrets PRIMARY KEY (project_id, application_id, id),
	CONSTRAINT fk_application_secrets_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_application_secrets_project_id_application_id FOREIGN KEY(project_id, application_id) REFERENCES applications (project_id, id) ON DELETE CASCADE
);

CREATE TABLE audit_deliveries (
	project_id TEXT COLLATE "C" NOT NULL,
	webhook TEXT COLLATE "C" NOT NULL,
	event_id TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	attempts BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	leased_until BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	error TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_audit_deliveries PRIMARY KEY (project_id, webhook, event_id),
	CONSTRAINT fk_audit_deliveries_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_audit_deliveries_project_id_webhook FOREIGN KEY(project_id, webhook) REFERENCES audit_webhooks (project_id, name) ON DELETE CASCADE,
	CONSTRAINT ck_audit_deliveries_state CHECK (state IN ('waiting', 'leased', 'dead'))
);

CREATE INDEX ix_audit_deliveries_dead ON audit_deliveries (project_id, state, due_at);

CREATE INDEX ix_audit_deliveries_open ON audit_deliveries (project_id, webhook, due_at) WHERE state IN ('waiting', 'leased');

CREATE TABLE consents (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	application_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C",
	tenant_id TEXT COLLATE "C",
	scopes TEXT COLLATE "C" NOT NULL,
	granted_by TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_consents PRIMARY KEY (project_id, id),
	CONSTRAINT fk_consents_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_consents_project_id_application_id FOREIGN KEY(project_id, application_id) REFERENCES applications (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_consents_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_consents_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_consents_project_id_tenant_id ON consents (project_id, tenant_id);

CREATE INDEX ix_consents_project_id_user_id ON consents (project_id, user_id);

CREATE UNIQUE INDEX uq_consents_application_id_user_id ON consents (project_id, application_id, user_id);

CREATE TABLE groups (
	project_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	display TEXT COLLATE "C" NOT NULL,
	source TEXT COLLATE "C" NOT NULL,
	sso_id TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_groups PRIMARY KEY (project_id, tenant_id, id),
	CONSTRAINT fk_groups_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_groups_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE
);

CREATE TABLE identities (
	project_id TEXT COLLATE "C" NOT NULL,
	way TEXT COLLATE "C" NOT NULL,
	issuer TEXT COLLATE "C" NOT NULL,
	subject TEXT COLLATE "C" NOT NULL,
	protocol TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C",
	created_at BIGINT NOT NULL,
	last_used_at BIGINT NOT NULL,
	CONSTRAINT pk_identities PRIMARY KEY (project_id, way, issuer, subject),
	CONSTRAINT fk_identities_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_identities_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_identities_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE,
	CONSTRAINT ck_identities_protocol CHECK (protocol IN ('oauth', 'saml', 'oidc'))
);

CREATE INDEX ix_identities_project_id_tenant_id ON identities (project_id, tenant_id);

CREATE INDEX ix_identities_project_id_user_id ON identities (project_id, user_id);

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

CREATE TABLE oidc_grants (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	application_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	session_id TEXT COLLATE "C" NOT NULL,
	sid TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	issuer TEXT COLLATE "C" NOT NULL,
	scopes TEXT COLLATE "C" NOT NULL,
	audience TEXT COLLATE "C" NOT NULL,
	details TEXT COLLATE "C" NOT NULL,
	auth_time BIGINT NOT NULL,
	dpop_jkt TEXT COLLATE "C" NOT NULL,
	code_mac BYTEA NOT NULL,
	redirect_uri TEXT COLLATE "C" NOT NULL,
	challenge TEXT COLLATE "C" NOT NULL,
	code_expires_at BIGINT NOT NULL,
	code_used_at BIGINT,
	is_offline BIGINT NOT NULL,
	rotates BIGINT NOT NULL,
	generation BIGINT NOT NULL,
	rotated_at BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	revoked_at BIGINT,
	revoked_why TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_oidc_grants PRIMARY KEY (project_id, id),
	CONSTRAINT ck_oidc_grants_is_offline CHECK (is_offline IN (0, 1)),
	CONSTRAINT ck_oidc_grants_rotates CHECK (rotates IN (0, 1)),
	CONSTRAINT fk_oidc_grants_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_oidc_grants_project_id_application_id FOREIGN KEY(project_id, application_id) REFERENCES applications (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_oidc_grants_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_oidc_grants_project_id_application_id_user_id ON oidc_grants (project_id, application_id, user_id);

CREATE INDEX ix_oidc_grants_project_id_expires_at ON oidc_grants (project_id, expires_at);

CREATE INDEX ix_oidc_grants_project_id_session_id ON oidc_grants (project_id, session_id);

CREATE INDEX ix_oidc_grants_project_id_user_id ON oidc_grants (project_id, user_id);

CREATE TABLE oidc_logouts (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	application_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	session_id TEXT COLLATE "C" NOT NULL,
	issuer TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	attempts BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	leased_until BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	error TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_oidc_logouts PRIMARY KEY (project_id, id),
	CONSTRAINT fk_oidc_logouts_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_oidc_logouts_project_id_application_id FOREIGN KEY(project_id, application_id) REFERENCES applications (project_id, id) ON DELETE CASCADE,
	CONSTRAINT ck_oidc_logouts_state CHECK (state IN ('waiting', 'leased'))
);

CREATE INDEX ix_oidc_logouts_due ON oidc_logouts (due_at);

CREATE INDEX ix_oidc_logouts_project_id_application_id_due_at ON oidc_logouts (project_id, application_id, due_at);

CREATE TABLE passkeys (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	rp_id TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	display_name TEXT COLLATE "C" NOT NULL,
	public_key BYTEA NOT NULL,
	sign_count BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	last_used_at BIGINT,
	is_backup_eligible BIGINT DEFAULT '0' NOT NULL,
	is_backed_up BIGINT DEFAULT '0' NOT NULL,
	transports TEXT COLLATE "C" DEFAULT '' NOT NULL,
	aaguid TEXT COLLATE "C" DEFAULT '' NOT NULL,
	CONSTRAINT pk_passkeys PRIMARY KEY (project_id, id),
	CONSTRAINT fk_passkeys_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_passkeys_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_passkeys_project_id_user_id_created_at ON passkeys (project_id, user_id, created_at);

CREATE TABLE password_history (
	project_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	encoded TEXT COLLATE "C" NOT NULL,
	set_at BIGINT NOT NULL,
	CONSTRAINT pk_password_history PRIMARY KEY (project_id, user_id, id),
	CONSTRAINT fk_password_history_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_password_history_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE TABLE passwords (
	project_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	encoded TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	set_at BIGINT NOT NULL,
	failures BIGINT NOT NULL,
	locked_until BIGINT,
	is_own BIGINT DEFAULT '0' NOT NULL,
	CONSTRAINT pk_passwords PRIMARY KEY (project_id, user_id),
	CONSTRAINT fk_passwords_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_passwords_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE,
	CONSTRAINT ck_passwords_state CHECK (state IN ('active', 'temporary', 'expired'))
);

CREATE TABLE provider_tokens (
	project_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	provider TEXT COLLATE "C" NOT NULL,
	provider_user_id TEXT COLLATE "C" NOT NULL,
	sealed BYTEA NOT NULL,
	scopes TEXT COLLATE "C" NOT NULL,
	expires_at BIGINT,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_provider_tokens PRIMARY KEY (project_id, user_id, provider),
	CONSTRAINT fk_provider_tokens_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_provider_tokens_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE TABLE recovery_codes (
	project_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	mac BYTEA NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_recovery_codes PRIMARY KEY (project_id, user_id, id),
	CONSTRAINT fk_recovery_codes_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_recovery_codes_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE TABLE roles (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C",
	name TEXT COLLATE "C" NOT NULL,
	description TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	is_default BIGINT DEFAULT '0' NOT NULL,
	is_private BIGINT DEFAULT '0' NOT NULL,
	CONSTRAINT pk_roles PRIMARY KEY (project_id, id),
	CONSTRAINT fk_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_roles_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_roles_project_id_name ON roles (project_id, name);

CREATE UNIQUE INDEX uq_roles_project_name ON roles (project_id, name) WHERE tenant_id IS NULL;

CREATE UNIQUE INDEX uq_roles_tenant_name ON roles (project_id, tenant_id, name) WHERE tenant_id IS NOT NULL;

CREATE TABLE saml_requests (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	application_id TEXT COLLATE "C" NOT NULL,
	asked TEXT COLLATE "C" NOT NULL,
	browser_mac BYTEA,
	session_id TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	taken_at BIGINT,
	CONSTRAINT pk_saml_requests PRIMARY KEY (project_id, id),
	CONSTRAINT fk_saml_requests_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_saml_requests_project_id_application_id FOREIGN KEY(project_id, application_id) REFERENCES applications (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_saml_requests_project_id_expires_at ON saml_requests (project_id, expires_at);

CREATE TABLE saml_signins (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	application_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	session_id TEXT COLLATE "C" NOT NULL,
	name_id TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CONSTRAINT pk_saml_signins PRIMARY KEY (project_id, id),
	CONSTRAINT fk_saml_signins_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_saml_signins_project_id_application_id FOREIGN KEY(project_id, application_id) REFERENCES applications (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_saml_signins_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_saml_signins_project_id_application_id_name_id ON saml_signins (project_id, application_id, name_id);

CREATE INDEX ix_saml_signins_project_id_expires_at ON saml_signins (project_id, expires_at);

CREATE INDEX ix_saml_signins_project_id_session_id ON saml_signins (project_id, session_id);

CREATE INDEX ix_saml_signins_project_id_user_id ON saml_signins (project_id, user_id);

CREATE UNIQUE INDEX uq_saml_signins_session ON saml_signins (project_id, application_id, session_id, name_id);

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
	impersonator TEXT COLLATE "C" DEFAULT '' NOT NULL,
	awaits_factor BIGINT DEFAULT '0' NOT NULL,
	strong_at BIGINT DEFAULT '0' NOT NULL,
	is_heard BIGINT DEFAULT '0' NOT NULL,
	CONSTRAINT pk_sessions PRIMARY KEY (project_id, id),
	CONSTRAINT ck_sessions_rotates CHECK (rotates IN (0, 1)),
	CONSTRAINT fk_sessions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_sessions_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_sessions_heard ON sessions (project_id, revoked_at) WHERE is_heard = 1 AND revoked_at IS NOT NULL;

CREATE INDEX ix_sessions_impersonator ON sessions (project_id, impersonator) WHERE impersonator != '';

CREATE INDEX ix_sessions_project_id_expires_at ON sessions (project_id, expires_at);

CREATE INDEX ix_sessions_project_id_user_id_created_at ON sessions (project_id, user_id, created_at);

CREATE TABLE sso_connections (
	project_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	display_name TEXT COLLATE "C" NOT NULL,
	settings TEXT COLLATE "C" NOT NULL,
	sealed_secret BYTEA,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_sso_connections PRIMARY KEY (project_id, tenant_id, id),
	CONSTRAINT fk_sso_connections_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_sso_connections_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE,
	CONSTRAINT ck_sso_connections_kind CHECK (kind IN ('none', 'saml', 'oidc', 'xaa'))
);

CREATE TABLE tenant_domains (
	project_id TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	domain TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	position BIGINT NOT NULL,
	sso_id TEXT COLLATE "C" DEFAULT '' NOT NULL,
	CONSTRAINT pk_tenant_domains PRIMARY KEY (project_id, kind, domain),
	CONSTRAINT fk_tenant_domains_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_tenant_domains_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE,
	CONSTRAINT ck_tenant_domains_kind CHECK (kind IN ('provisioning', 'sso'))
);

CREATE INDEX ix_tenant_domains_project_id_tenant_id_kind ON tenant_domains (project_id, tenant_id, kind);

CREATE TABLE totp_seeds (
	project_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	sealed_seed BYTEA NOT NULL,
	created_at BIGINT NOT NULL,
	last_step BIGINT DEFAULT '0' NOT NULL,
	is_own BIGINT DEFAULT '0' NOT NULL,
	CONSTRAINT pk_totp_seeds PRIMARY KEY (project_id, user_id),
	CONSTRAINT fk_totp_seeds_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_totp_seeds_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE TABLE trusted_devices (
	project_id TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	mac BYTEA NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	device_type TEXT COLLATE "C" NOT NULL,
	last_location TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	last_used_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CONSTRAINT pk_trusted_devices PRIMARY KEY (project_id, id),
	CONSTRAINT fk_trusted_devices_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_trusted_devices_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_trusted_devices_project_id_user_id_last_used_at ON trusted_devices (project_id, user_id, last_used_at);

CREATE TABLE user_applications (
	project_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	application_id TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_user_applications PRIMARY KEY (project_id, user_id, application_id),
	CONSTRAINT fk_user_applications_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_user_applications_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_user_applications_project_id_application_id ON user_applications (project_id, application_id);

CREATE TABLE access_key_roles (
	project_id TEXT COLLATE "C" NOT NULL,
	key_id TEXT COLLATE "C" NOT NULL,
	role_id TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_access_key_roles PRIMARY KEY (project_id, key_id, role_id),
	CONSTRAINT fk_access_key_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_access_key_roles_project_id_key_id FOREIGN KEY(project_id, key_id) REFERENCES access_keys (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_access_key_roles_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_access_key_roles_project_id_role_id ON access_key_roles (project_id, role_id);

CREATE TABLE access_key_tenants (
	project_id TEXT COLLATE "C" NOT NULL,
	key_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_access_key_tenants PRIMARY KEY (project_id, key_id, tenant_id),
	CONSTRAINT fk_access_key_tenants_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_access_key_tenants_project_id_key_id FOREIGN KEY(project_id, key_id) REFERENCES access_keys (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_access_key_tenants_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_access_key_tenants_project_id_tenant_id_key_id ON access_key_tenants (project_id, tenant_id, key_id);

CREATE TABLE group_members (
	project_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	group_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_group_members PRIMARY KEY (project_id, tenant_id, group_id, user_id),
	CONSTRAINT fk_group_members_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_group_members_project_id_tenant_id_group_id FOREIGN KEY(project_id, tenant_id, group_id) REFERENCES groups (project_id, tenant_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_group_members_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_group_members_project_id_user_id ON group_members (project_id, user_id);

CREATE TABLE membership_roles (
	project_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	role_id TEXT COLLATE "C" NOT NULL,
	given_by TEXT COLLATE "C" DEFAULT '' NOT NULL,
	CONSTRAINT pk_membership_roles PRIMARY KEY (project_id, user_id, tenant_id, role_id),
	CONSTRAINT fk_membership_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_membership_roles_project_id_user_id_tenant_id FOREIGN KEY(project_id, user_id, tenant_id) REFERENCES memberships (project_id, user_id, tenant_id) ON DELETE CASCADE,
	CONSTRAINT fk_membership_roles_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_membership_roles_project_id_role_id_tenant_id_user_id ON membership_roles (project_id, role_id, tenant_id, user_id);

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

CREATE TABLE saml_metadata (
	project_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	sso_id TEXT COLLATE "C" NOT NULL,
	url TEXT COLLATE "C" NOT NULL,
	document TEXT COLLATE "C" NOT NULL,
	fetched_at BIGINT NOT NULL,
	CONSTRAINT pk_saml_metadata PRIMARY KEY (project_id, tenant_id, sso_id),
	CONSTRAINT fk_saml_metadata_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_saml_metadata_project_id_tenant_id_sso_id FOREIGN KEY(project_id, tenant_id, sso_id) REFERENCES sso_connections (project_id, tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE tenant_default_roles (
	project_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	role_id TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_tenant_default_roles PRIMARY KEY (project_id, tenant_id, role_id),
	CONSTRAINT fk_tenant_default_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_tenant_default_roles_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_tenant_default_roles_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_tenant_default_roles_project_id_role_id ON tenant_default_roles (project_id, role_id);

CREATE TABLE user_roles (
	project_id TEXT COLLATE "C" NOT NULL,
	user_id TEXT COLLATE "C" NOT NULL,
	role_id TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_user_roles PRIMARY KEY (project_id, user_id, role_id),
	CONSTRAINT fk_user_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_user_roles_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_user_roles_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_user_roles_project_id_role_id_user_id ON user_roles (project_id, role_id, user_id);

CREATE TABLE access_key_tenant_roles (
	project_id TEXT COLLATE "C" NOT NULL,
	key_id TEXT COLLATE "C" NOT NULL,
	tenant_id TEXT COLLATE "C" NOT NULL,
	role_id TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_access_key_tenant_roles PRIMARY KEY (project_id, key_id, tenant_id, role_id),
	CONSTRAINT fk_access_key_tenant_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_access_key_tenant_roles_project_id_key_id_tenant_id FOREIGN KEY(project_id, key_id, tenant_id) REFERENCES access_key_tenants (project_id, key_id, tenant_id) ON DELETE CASCADE,
	CONSTRAINT fk_access_key_tenant_roles_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_access_key_tenant_roles_project_id_role_id ON access_key_tenant_roles (project_id, role_id);

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

INSERT INTO alembic_version (version_num) VALUES ('0006');
