-- Generated from schema/ by `python -m avow.server.store.generate`; do not edit.

PRAGMA application_id = 1098280823;

CREATE TABLE kv (
	"key" TEXT NOT NULL,
	value BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CONSTRAINT pk_kv PRIMARY KEY ("key")
);

CREATE INDEX ix_kv_expires_at ON kv (expires_at);

CREATE TABLE meta (
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	CONSTRAINT pk_meta PRIMARY KEY (name)
);

CREATE TABLE projects (
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	environment TEXT NOT NULL,
	version BIGINT NOT NULL,
	issuer_host TEXT,
	created_at BIGINT NOT NULL,
	tags TEXT DEFAULT '[]' NOT NULL,
	deleted_at BIGINT,
	CONSTRAINT pk_projects PRIMARY KEY (id)
);

CREATE UNIQUE INDEX uq_projects_issuer_host ON projects (issuer_host);

CREATE TABLE apis (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	identifier TEXT NOT NULL,
	name TEXT NOT NULL,
	lifetime_seconds BIGINT NOT NULL,
	algorithm TEXT NOT NULL,
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
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	logo TEXT NOT NULL,
	is_enabled BIGINT NOT NULL,
	is_trusted BIGINT NOT NULL,
	login_page_url TEXT NOT NULL,
	force_authentication BIGINT NOT NULL,
	settings TEXT NOT NULL,
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
	project_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	type TEXT NOT NULL,
	display_name TEXT NOT NULL,
	details TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_attribute_definitions PRIMARY KEY (project_id, kind, name),
	CONSTRAINT fk_attribute_definitions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT ck_attribute_definitions_kind CHECK (kind IN ('user', 'tenant', 'accesskey'))
);

CREATE TABLE attribute_values (
	project_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	owner_id TEXT NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	CONSTRAINT pk_attribute_values PRIMARY KEY (project_id, kind, owner_id, name, value),
	CONSTRAINT fk_attribute_values_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_attribute_values_project_id_kind_name_value_owner_id ON attribute_values (project_id, kind, name, value, owner_id);

CREATE TABLE audit_events (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	occurred_at BIGINT NOT NULL,
	action TEXT NOT NULL,
	outcome TEXT NOT NULL,
	actor TEXT NOT NULL,
	user_id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	address TEXT NOT NULL,
	device TEXT NOT NULL,
	data TEXT NOT NULL,
	method TEXT DEFAULT '' NOT NULL,
	device_kind TEXT DEFAULT '' NOT NULL,
	is_unsent BIGINT DEFAULT '0' NOT NULL,
	CONSTRAINT pk_audit_events PRIMARY KEY (project_id, id),
	CONSTRAINT fk_audit_events_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_audit_events_project_id_occurred_at_id ON audit_events (project_id, occurred_at, id);

CREATE INDEX ix_audit_events_project_id_tenant_id_occurred_at ON audit_events (project_id, tenant_id, occurred_at);

CREATE INDEX ix_audit_events_project_id_user_id_occurred_at ON audit_events (project_id, user_id, occurred_at);

CREATE INDEX ix_audit_events_unsent ON audit_events (project_id, occurred_at) WHERE is_unsent = 1;

CREATE TABLE audit_webhooks (
	project_id TEXT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	url TEXT NOT NULL,
	filters TEXT NOT NULL,
	sealed BLOB NOT NULL,
	failures BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	error TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_audit_webhooks PRIMARY KEY (project_id, name),
	CONSTRAINT fk_audit_webhooks_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE challenges (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	purpose TEXT NOT NULL,
	subject TEXT NOT NULL,
	mac BLOB NOT NULL,
	binding TEXT NOT NULL,
	attempts_left BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CONSTRAINT pk_challenges PRIMARY KEY (project_id, id),
	CONSTRAINT fk_challenges_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_challenges_project_id_expires_at ON challenges (project_id, expires_at);

CREATE UNIQUE INDEX uq_challenges_subject ON challenges (project_id, purpose, subject);

CREATE TABLE counters (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	value BIGINT NOT NULL,
	ends_at BIGINT NOT NULL,
	CONSTRAINT pk_counters PRIMARY KEY (project_id, id),
	CONSTRAINT fk_counters_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_counters_project_id_ends_at ON counters (project_id, ends_at);

CREATE TABLE flow_executions (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	flow_id TEXT NOT NULL,
	flow_version BIGINT NOT NULL,
	step TEXT NOT NULL,
	screen_key TEXT NOT NULL,
	seq BIGINT NOT NULL,
	state BLOB NOT NULL,
	user_id TEXT NOT NULL,
	session_id TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	ended_at BIGINT,
	CONSTRAINT pk_flow_executions PRIMARY KEY (project_id, id),
	CONSTRAINT fk_flow_executions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_flow_executions_project_id_expires_at ON flow_executions (project_id, expires_at);

CREATE TABLE flows (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	is_disabled BIGINT NOT NULL,
	etag TEXT NOT NULL,
	document TEXT NOT NULL,
	screens TEXT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_flows PRIMARY KEY (project_id, id),
	CONSTRAINT ck_flows_is_disabled CHECK (is_disabled IN (0, 1)),
	CONSTRAINT fk_flows_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE imports (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	source TEXT NOT NULL,
	position BIGINT NOT NULL,
	digest BLOB NOT NULL,
	created BIGINT NOT NULL,
	updated BIGINT NOT NULL,
	rejected BIGINT NOT NULL,
	refusals TEXT NOT NULL,
	report_bytes BIGINT NOT NULL,
	started_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	finished_at BIGINT,
	CONSTRAINT pk_imports PRIMARY KEY (project_id, id),
	CONSTRAINT fk_imports_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE jwt_templates (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	type TEXT NOT NULL,
	document TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_jwt_templates PRIMARY KEY (project_id, id),
	CONSTRAINT fk_jwt_templates_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_jwt_templates_name ON jwt_templates (project_id, name);

CREATE TABLE lists (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	type TEXT NOT NULL,
	document TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_lists PRIMARY KEY (project_id, id),
	CONSTRAINT fk_lists_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_lists_name ON lists (project_id, name);

CREATE TABLE management_keys (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	secret_mac BLOB NOT NULL,
	status TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT,
	description TEXT DEFAULT '' NOT NULL,
	permitted_ips TEXT DEFAULT '[]' NOT NULL,
	rights TEXT DEFAULT '*' NOT NULL,
	tenant_id TEXT,
	deactivated_at BIGINT,
	CONSTRAINT pk_management_keys PRIMARY KEY (project_id, id),
	CONSTRAINT fk_management_keys_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT ck_management_keys_status CHECK (status IN ('active', 'revoked'))
);

CREATE TABLE message_templates (
	project_id TEXT NOT NULL,
	template TEXT NOT NULL,
	method TEXT NOT NULL,
	locale TEXT NOT NULL,
	subject TEXT NOT NULL,
	text TEXT NOT NULL,
	html TEXT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_message_templates PRIMARY KEY (project_id, template, method, locale),
	CONSTRAINT fk_message_templates_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE oidc_requests (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	kind TEXT NOT NULL,
	application_id TEXT NOT NULL,
	issuer TEXT NOT NULL,
	parameters TEXT NOT NULL,
	browser_mac BLOB,
	secret_mac BLOB,
	user_code TEXT,
	user_id TEXT NOT NULL,
	session_id TEXT NOT NULL,
	state TEXT NOT NULL,
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
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	challenge_id TEXT,
	template TEXT NOT NULL,
	method TEXT NOT NULL,
	locale TEXT NOT NULL,
	address_mac BLOB NOT NULL,
	phone_prefix TEXT NOT NULL,
	sealed BLOB,
	state TEXT NOT NULL,
	attempts BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	leased_until BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	finished_at BIGINT,
	error TEXT NOT NULL,
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
	project_id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	policy TEXT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_password_policies PRIMARY KEY (project_id, tenant_id),
	CONSTRAINT fk_password_policies_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE permissions (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_permissions PRIMARY KEY (project_id, id),
	CONSTRAINT fk_permissions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_permissions_name ON permissions (project_id, name);

CREATE TABLE project_settings (
	project_id TEXT NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	CONSTRAINT pk_project_settings PRIMARY KEY (project_id, name),
	CONSTRAINT fk_project_settings_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE providers (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	settings TEXT NOT NULL,
	sealed_secret BLOB,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_providers PRIMARY KEY (project_id, id),
	CONSTRAINT fk_providers_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE saml_assertions (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	expires_at BIGINT NOT NULL,
	CONSTRAINT pk_saml_assertions PRIMARY KEY (project_id, id),
	CONSTRAINT fk_saml_assertions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_saml_assertions_project_id_expires_at ON saml_assertions (project_id, expires_at);

CREATE TABLE saml_keys (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	certificate TEXT NOT NULL,
	sealed_private BLOB NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_saml_keys PRIMARY KEY (project_id, id),
	CONSTRAINT fk_saml_keys_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE signing_keys (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	key_set TEXT NOT NULL,
	algorithm TEXT NOT NULL,
	state TEXT NOT NULL,
	public_jwk TEXT NOT NULL,
	sealed_private BLOB,
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
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	is_disabled BIGINT DEFAULT '0' NOT NULL,
	enforces_sso BIGINT DEFAULT '0' NOT NULL,
	parent_id TEXT,
	role_inheritance TEXT DEFAULT '' NOT NULL,
	custom_attributes TEXT DEFAULT '{}' NOT NULL,
	details TEXT DEFAULT '{}' NOT NULL,
	settings TEXT DEFAULT '{}' NOT NULL,
	deleted_at BIGINT,
	takes_members BIGINT DEFAULT '0' NOT NULL,
	deleted_by TEXT DEFAULT '' NOT NULL,
	CONSTRAINT pk_tenants PRIMARY KEY (project_id, id),
	CONSTRAINT fk_tenants_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_tenants_deleted ON tenants (project_id, id) WHERE deleted_at IS NOT NULL;

CREATE INDEX ix_tenants_project_id_created_at_id ON tenants (project_id, created_at, id);

CREATE INDEX ix_tenants_project_id_name ON tenants (project_id, name);

CREATE TABLE themes (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	document TEXT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_themes PRIMARY KEY (project_id, id),
	CONSTRAINT fk_themes_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE users (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	status TEXT NOT NULL,
	name TEXT NOT NULL,
	given_name TEXT NOT NULL,
	middle_name TEXT NOT NULL,
	family_name TEXT NOT NULL,
	email TEXT NOT NULL,
	email_folded TEXT NOT NULL,
	is_email_verified BIGINT NOT NULL,
	phone TEXT NOT NULL,
	is_phone_verified BIGINT NOT NULL,
	picture TEXT NOT NULL,
	is_test BIGINT NOT NULL,
	credential_version BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	name_folded TEXT DEFAULT '' NOT NULL,
	custom_attributes TEXT DEFAULT '{}' NOT NULL,
	external_ids TEXT DEFAULT '[]' NOT NULL,
	recovery_email TEXT DEFAULT '' NOT NULL,
	is_recovery_email_verified BIGINT DEFAULT '0' NOT NULL,
	recovery_phone TEXT DEFAULT '' NOT NULL,
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
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	secret_mac BLOB NOT NULL,
	status TEXT NOT NULL,
	user_id TEXT,
	created_by TEXT NOT NULL,
	custom_claims TEXT NOT NULL,
	custom_attributes TEXT NOT NULL,
	permitted_ips TEXT NOT NULL,
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
	project_id TEXT NOT NULL,
	api_id TEXT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	CONSTRAINT pk_api_permissions PRIMARY KEY (project_id, api_id, name),
	CONSTRAINT fk_api_permissions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_api_permissions_project_id_api_id FOREIGN KEY(project_id, api_id) REFERENCES apis (project_id, id) ON DELETE CASCADE
);

CREATE TABLE application_apis (
	project_id TEXT NOT NULL,
	application_id TEXT NOT NULL,
	api_id TEXT NOT NULL,
	scopes TEXT NOT NULL,
	CONSTRAINT pk_application_apis PRIMARY KEY (project_id, application_id, api_id),
	CONSTRAINT fk_application_apis_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_application_apis_project_id_application_id FOREIGN KEY(project_id, application_id) REFERENCES applications (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_application_apis_project_id_api_id FOREIGN KEY(project_id, api_id) REFERENCES apis (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_application_apis_project_id_api_id ON application_apis (project_id, api_id);

CREATE TABLE application_secrets (
	project_id TEXT NOT NULL,
	application_id TEXT NOT NULL,
	id TEXT NOT NULL,
	mac BLOB NOT NULL,
	sealed BLOB NOT NULL,
	created_at BIGINT NOT NULL,
	ends_at BIGINT,
	CONSTRAINT pk_application_secrets PRIMARY KEY (project_id, application_id, id),
	CONSTRAINT fk_application_secrets_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_application_secrets_project_id_application_id FOREIGN KEY(project_id, application_id) REFERENCES applications (project_id, id) ON DELETE CASCADE
);

CREATE TABLE audit_deliveries (
	project_id TEXT NOT NULL,
	webhook TEXT NOT NULL,
	event_id TEXT NOT NULL,
	state TEXT NOT NULL,
	attempts BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	leased_until BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	error TEXT NOT NULL,
	CONSTRAINT pk_audit_deliveries PRIMARY KEY (project_id, webhook, event_id),
	CONSTRAINT fk_audit_deliveries_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_audit_deliveries_project_id_webhook FOREIGN KEY(project_id, webhook) REFERENCES audit_webhooks (project_id, name) ON DELETE CASCADE,
	CONSTRAINT ck_audit_deliveries_state CHECK (state IN ('waiting', 'leased', 'dead'))
);

CREATE INDEX ix_audit_deliveries_dead ON audit_deliveries (project_id, state, due_at);

CREATE INDEX ix_audit_deliveries_open ON audit_deliveries (project_id, webhook, due_at) WHERE state IN ('waiting', 'leased');

CREATE TABLE consents (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	application_id TEXT NOT NULL,
	user_id TEXT,
	tenant_id TEXT,
	scopes TEXT NOT NULL,
	granted_by TEXT NOT NULL,
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
	project_id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	id TEXT NOT NULL,
	display TEXT NOT NULL,
	source TEXT NOT NULL,
	sso_id TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_groups PRIMARY KEY (project_id, tenant_id, id),
	CONSTRAINT fk_groups_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_groups_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE
);

CREATE TABLE identities (
	project_id TEXT NOT NULL,
	way TEXT NOT NULL,
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL,
	protocol TEXT NOT NULL,
	user_id TEXT NOT NULL,
	tenant_id TEXT,
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
	project_id TEXT NOT NULL,
	login_id TEXT NOT NULL,
	typed TEXT NOT NULL,
	user_id TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_login_ids PRIMARY KEY (project_id, login_id),
	CONSTRAINT fk_login_ids_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_login_ids_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_login_ids_project_id_user_id ON login_ids (project_id, user_id);

CREATE TABLE memberships (
	project_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_memberships PRIMARY KEY (project_id, user_id, tenant_id),
	CONSTRAINT fk_memberships_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_memberships_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_memberships_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_memberships_project_id_tenant_id_user_id ON memberships (project_id, tenant_id, user_id);

CREATE TABLE oidc_grants (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	application_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	session_id TEXT NOT NULL,
	sid TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	issuer TEXT NOT NULL,
	scopes TEXT NOT NULL,
	audience TEXT NOT NULL,
	details TEXT NOT NULL,
	auth_time BIGINT NOT NULL,
	dpop_jkt TEXT NOT NULL,
	code_mac BLOB NOT NULL,
	redirect_uri TEXT NOT NULL,
	challenge TEXT NOT NULL,
	code_expires_at BIGINT NOT NULL,
	code_used_at BIGINT,
	is_offline BIGINT NOT NULL,
	rotates BIGINT NOT NULL,
	generation BIGINT NOT NULL,
	rotated_at BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	revoked_at BIGINT,
	revoked_why TEXT NOT NULL,
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
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	application_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	session_id TEXT NOT NULL,
	issuer TEXT NOT NULL,
	state TEXT NOT NULL,
	attempts BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	leased_until BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	error TEXT NOT NULL,
	CONSTRAINT pk_oidc_logouts PRIMARY KEY (project_id, id),
	CONSTRAINT fk_oidc_logouts_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_oidc_logouts_project_id_application_id FOREIGN KEY(project_id, application_id) REFERENCES applications (project_id, id) ON DELETE CASCADE,
	CONSTRAINT ck_oidc_logouts_state CHECK (state IN ('waiting', 'leased'))
);

CREATE INDEX ix_oidc_logouts_due ON oidc_logouts (due_at);

CREATE INDEX ix_oidc_logouts_project_id_application_id_due_at ON oidc_logouts (project_id, application_id, due_at);

CREATE TABLE passkeys (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	rp_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	display_name TEXT NOT NULL,
	public_key BLOB NOT NULL,
	sign_count BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	last_used_at BIGINT,
	is_backup_eligible BIGINT DEFAULT '0' NOT NULL,
	is_backed_up BIGINT DEFAULT '0' NOT NULL,
	transports TEXT DEFAULT '' NOT NULL,
	aaguid TEXT DEFAULT '' NOT NULL,
	CONSTRAINT pk_passkeys PRIMARY KEY (project_id, id),
	CONSTRAINT fk_passkeys_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_passkeys_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_passkeys_project_id_user_id_created_at ON passkeys (project_id, user_id, created_at);

CREATE TABLE password_history (
	project_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	id TEXT NOT NULL,
	encoded TEXT NOT NULL,
	set_at BIGINT NOT NULL,
	CONSTRAINT pk_password_history PRIMARY KEY (project_id, user_id, id),
	CONSTRAINT fk_password_history_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_password_history_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE TABLE passwords (
	project_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	encoded TEXT NOT NULL,
	state TEXT NOT NULL,
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
	project_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	provider TEXT NOT NULL,
	provider_user_id TEXT NOT NULL,
	sealed BLOB NOT NULL,
	scopes TEXT NOT NULL,
	expires_at BIGINT,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_provider_tokens PRIMARY KEY (project_id, user_id, provider),
	CONSTRAINT fk_provider_tokens_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_provider_tokens_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE TABLE recovery_codes (
	project_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	id TEXT NOT NULL,
	mac BLOB NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_recovery_codes PRIMARY KEY (project_id, user_id, id),
	CONSTRAINT fk_recovery_codes_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_recovery_codes_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE TABLE roles (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	tenant_id TEXT,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
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
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	application_id TEXT NOT NULL,
	asked TEXT NOT NULL,
	browser_mac BLOB,
	session_id TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	taken_at BIGINT,
	CONSTRAINT pk_saml_requests PRIMARY KEY (project_id, id),
	CONSTRAINT fk_saml_requests_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_saml_requests_project_id_application_id FOREIGN KEY(project_id, application_id) REFERENCES applications (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_saml_requests_project_id_expires_at ON saml_requests (project_id, expires_at);

CREATE TABLE saml_signins (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	application_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	session_id TEXT NOT NULL,
	name_id TEXT NOT NULL,
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
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	tenant_id TEXT,
	generation BIGINT NOT NULL,
	rotates BIGINT NOT NULL,
	rotated_at BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	last_used_at BIGINT NOT NULL,
	revoked_at BIGINT,
	revoked_why TEXT,
	amr TEXT NOT NULL,
	claims TEXT NOT NULL,
	unsigned_claims TEXT NOT NULL,
	address TEXT NOT NULL,
	device TEXT NOT NULL,
	impersonator TEXT DEFAULT '' NOT NULL,
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
	project_id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	id TEXT NOT NULL,
	kind TEXT NOT NULL,
	display_name TEXT NOT NULL,
	settings TEXT NOT NULL,
	sealed_secret BLOB,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	CONSTRAINT pk_sso_connections PRIMARY KEY (project_id, tenant_id, id),
	CONSTRAINT fk_sso_connections_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_sso_connections_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE,
	CONSTRAINT ck_sso_connections_kind CHECK (kind IN ('none', 'saml', 'oidc', 'xaa'))
);

CREATE TABLE tenant_domains (
	project_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	domain TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	position BIGINT NOT NULL,
	sso_id TEXT DEFAULT '' NOT NULL,
	CONSTRAINT pk_tenant_domains PRIMARY KEY (project_id, kind, domain),
	CONSTRAINT fk_tenant_domains_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_tenant_domains_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE,
	CONSTRAINT ck_tenant_domains_kind CHECK (kind IN ('provisioning', 'sso'))
);

CREATE INDEX ix_tenant_domains_project_id_tenant_id_kind ON tenant_domains (project_id, tenant_id, kind);

CREATE TABLE totp_seeds (
	project_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	sealed_seed BLOB NOT NULL,
	created_at BIGINT NOT NULL,
	last_step BIGINT DEFAULT '0' NOT NULL,
	is_own BIGINT DEFAULT '0' NOT NULL,
	CONSTRAINT pk_totp_seeds PRIMARY KEY (project_id, user_id),
	CONSTRAINT fk_totp_seeds_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_totp_seeds_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE TABLE trusted_devices (
	project_id TEXT NOT NULL,
	id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	mac BLOB NOT NULL,
	name TEXT NOT NULL,
	device_type TEXT NOT NULL,
	last_location TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	last_used_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CONSTRAINT pk_trusted_devices PRIMARY KEY (project_id, id),
	CONSTRAINT fk_trusted_devices_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_trusted_devices_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_trusted_devices_project_id_user_id_last_used_at ON trusted_devices (project_id, user_id, last_used_at);

CREATE TABLE user_applications (
	project_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	application_id TEXT NOT NULL,
	CONSTRAINT pk_user_applications PRIMARY KEY (project_id, user_id, application_id),
	CONSTRAINT fk_user_applications_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_user_applications_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_user_applications_project_id_application_id ON user_applications (project_id, application_id);

CREATE TABLE access_key_roles (
	project_id TEXT NOT NULL,
	key_id TEXT NOT NULL,
	role_id TEXT NOT NULL,
	CONSTRAINT pk_access_key_roles PRIMARY KEY (project_id, key_id, role_id),
	CONSTRAINT fk_access_key_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_access_key_roles_project_id_key_id FOREIGN KEY(project_id, key_id) REFERENCES access_keys (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_access_key_roles_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_access_key_roles_project_id_role_id ON access_key_roles (project_id, role_id);

CREATE TABLE access_key_tenants (
	project_id TEXT NOT NULL,
	key_id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	CONSTRAINT pk_access_key_tenants PRIMARY KEY (project_id, key_id, tenant_id),
	CONSTRAINT fk_access_key_tenants_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_access_key_tenants_project_id_key_id FOREIGN KEY(project_id, key_id) REFERENCES access_keys (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_access_key_tenants_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_access_key_tenants_project_id_tenant_id_key_id ON access_key_tenants (project_id, tenant_id, key_id);

CREATE TABLE group_members (
	project_id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	group_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	CONSTRAINT pk_group_members PRIMARY KEY (project_id, tenant_id, group_id, user_id),
	CONSTRAINT fk_group_members_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_group_members_project_id_tenant_id_group_id FOREIGN KEY(project_id, tenant_id, group_id) REFERENCES groups (project_id, tenant_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_group_members_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_group_members_project_id_user_id ON group_members (project_id, user_id);

CREATE TABLE membership_roles (
	project_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	role_id TEXT NOT NULL,
	given_by TEXT DEFAULT '' NOT NULL,
	CONSTRAINT pk_membership_roles PRIMARY KEY (project_id, user_id, tenant_id, role_id),
	CONSTRAINT fk_membership_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_membership_roles_project_id_user_id_tenant_id FOREIGN KEY(project_id, user_id, tenant_id) REFERENCES memberships (project_id, user_id, tenant_id) ON DELETE CASCADE,
	CONSTRAINT fk_membership_roles_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_membership_roles_project_id_role_id_tenant_id_user_id ON membership_roles (project_id, role_id, tenant_id, user_id);

CREATE TABLE role_permissions (
	project_id TEXT NOT NULL,
	role_id TEXT NOT NULL,
	permission_id TEXT NOT NULL,
	CONSTRAINT pk_role_permissions PRIMARY KEY (project_id, role_id, permission_id),
	CONSTRAINT fk_role_permissions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_role_permissions_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_role_permissions_project_id_permission_id FOREIGN KEY(project_id, permission_id) REFERENCES permissions (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_role_permissions_project_id_permission_id ON role_permissions (project_id, permission_id);

CREATE TABLE saml_metadata (
	project_id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	sso_id TEXT NOT NULL,
	url TEXT NOT NULL,
	document TEXT NOT NULL,
	fetched_at BIGINT NOT NULL,
	CONSTRAINT pk_saml_metadata PRIMARY KEY (project_id, tenant_id, sso_id),
	CONSTRAINT fk_saml_metadata_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_saml_metadata_project_id_tenant_id_sso_id FOREIGN KEY(project_id, tenant_id, sso_id) REFERENCES sso_connections (project_id, tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE tenant_default_roles (
	project_id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	role_id TEXT NOT NULL,
	CONSTRAINT pk_tenant_default_roles PRIMARY KEY (project_id, tenant_id, role_id),
	CONSTRAINT fk_tenant_default_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_tenant_default_roles_project_id_tenant_id FOREIGN KEY(project_id, tenant_id) REFERENCES tenants (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_tenant_default_roles_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_tenant_default_roles_project_id_role_id ON tenant_default_roles (project_id, role_id);

CREATE TABLE user_roles (
	project_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	role_id TEXT NOT NULL,
	CONSTRAINT pk_user_roles PRIMARY KEY (project_id, user_id, role_id),
	CONSTRAINT fk_user_roles_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
	CONSTRAINT fk_user_roles_project_id_user_id FOREIGN KEY(project_id, user_id) REFERENCES users (project_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_user_roles_project_id_role_id FOREIGN KEY(project_id, role_id) REFERENCES roles (project_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_user_roles_project_id_role_id_user_id ON user_roles (project_id, role_id, user_id);

CREATE TABLE access_key_tenant_roles (
	project_id TEXT NOT NULL,
	key_id TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	role_id TEXT NOT NULL,
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

ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('kv', 'sqlite_autoindex_kv_1', '5000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('kv', 'ix_kv_expires_at', '5000000 50');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('meta', 'sqlite_autoindex_meta_1', '50000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('projects', 'sqlite_autoindex_projects_1', '50 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('projects', 'uq_projects_issuer_host', '50 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('apis', 'sqlite_autoindex_apis_1', '5000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('apis', 'uq_apis_identifier', '5000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('applications', 'sqlite_autoindex_applications_1', '500000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('applications', 'ix_applications_project_id_kind', '500000 10000 3333');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('attribute_definitions', 'sqlite_autoindex_attribute_definitions_1', '5000 100 33 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('attribute_values', 'sqlite_autoindex_attribute_values_1', '50000000 1000000 333333 1 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('attribute_values', 'ix_attribute_values_project_id_kind_name_value_owner_id', '50000000 1000000 333333 16666 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('audit_events', 'sqlite_autoindex_audit_events_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('audit_events', 'ix_audit_events_project_id_occurred_at_id', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('audit_events', 'ix_audit_events_project_id_tenant_id_occurred_at', '50000000 1000000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('audit_events', 'ix_audit_events_project_id_user_id_occurred_at', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('audit_events', 'ix_audit_events_unsent', '50000 1000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('audit_webhooks', 'sqlite_autoindex_audit_webhooks_1', '500 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('challenges', 'sqlite_autoindex_challenges_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('challenges', 'ix_challenges_project_id_expires_at', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('challenges', 'uq_challenges_subject', '50000000 1000000 250000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('counters', 'sqlite_autoindex_counters_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('counters', 'ix_counters_project_id_ends_at', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('flow_executions', 'sqlite_autoindex_flow_executions_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('flow_executions', 'ix_flow_executions_project_id_expires_at', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('flows', 'sqlite_autoindex_flows_1', '5000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('imports', 'sqlite_autoindex_imports_1', '5000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('jwt_templates', 'sqlite_autoindex_jwt_templates_1', '5000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('jwt_templates', 'uq_jwt_templates_name', '5000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('lists', 'sqlite_autoindex_lists_1', '5000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('lists', 'uq_lists_name', '5000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('management_keys', 'sqlite_autoindex_management_keys_1', '5000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('message_templates', 'sqlite_autoindex_message_templates_1', '5000 100 1 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('oidc_requests', 'sqlite_autoindex_oidc_requests_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('oidc_requests', 'ix_oidc_requests_project_id_expires_at', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('oidc_requests', 'uq_oidc_requests_user_code', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('outbox', 'sqlite_autoindex_outbox_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('outbox', 'ix_outbox_due', '50000000 16666666 16');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('outbox', 'ix_outbox_open', '50000 12500 12');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('outbox', 'ix_outbox_project_id_address_mac_created_at', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('outbox', 'ix_outbox_project_id_created_at', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('outbox', 'ix_outbox_project_id_phone_prefix_created_at', '50000000 1000000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('password_policies', 'sqlite_autoindex_password_policies_1', '50000 1000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('permissions', 'sqlite_autoindex_permissions_1', '50000 1000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('permissions', 'uq_permissions_name', '50000 1000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('project_settings', 'sqlite_autoindex_project_settings_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('providers', 'sqlite_autoindex_providers_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('saml_assertions', 'sqlite_autoindex_saml_assertions_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('saml_assertions', 'ix_saml_assertions_project_id_expires_at', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('saml_keys', 'sqlite_autoindex_saml_keys_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('signing_keys', 'sqlite_autoindex_signing_keys_1', '2000 40 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('signing_keys', 'uq_signing_keys_state', '2000 40 20 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('tenants', 'sqlite_autoindex_tenants_1', '2500000 50000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('tenants', 'ix_tenants_deleted', '50000 1000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('tenants', 'ix_tenants_project_id_created_at_id', '2500000 50000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('tenants', 'ix_tenants_project_id_name', '2500000 50000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('themes', 'sqlite_autoindex_themes_1', '500 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('users', 'sqlite_autoindex_users_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('users', 'ix_users_anonymous', '50000 1000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('users', 'ix_users_listed', '50000000 1000000 1 1 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('users', 'ix_users_project_id_email_folded_id', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('users', 'ix_users_project_id_name_folded_id', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('users', 'ix_users_project_id_phone_id', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('users', 'ix_users_project_id_updated_at_id', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('users', 'ix_users_test', '50000 1000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('access_keys', 'sqlite_autoindex_access_keys_1', '5000000 100000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('access_keys', 'ix_access_keys_project_id_created_at_id', '5000000 100000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('access_keys', 'ix_access_keys_project_id_user_id', '5000000 100000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('api_permissions', 'sqlite_autoindex_api_permissions_1', '50000 1000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('application_apis', 'sqlite_autoindex_application_apis_1', '500000 10000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('application_apis', 'ix_application_apis_project_id_api_id', '500000 10000 100');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('application_secrets', 'sqlite_autoindex_application_secrets_1', '500000 10000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('audit_deliveries', 'sqlite_autoindex_audit_deliveries_1', '50000000 1000000 200000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('audit_deliveries', 'ix_audit_deliveries_dead', '50000000 1000000 333333 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('audit_deliveries', 'ix_audit_deliveries_open', '50000 1000 200 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('consents', 'sqlite_autoindex_consents_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('consents', 'ix_consents_project_id_tenant_id', '50000000 1000000 100');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('consents', 'ix_consents_project_id_user_id', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('consents', 'uq_consents_application_id_user_id', '50000000 1000000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('groups', 'sqlite_autoindex_groups_1', '5000000 100000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('identities', 'sqlite_autoindex_identities_1', '50000000 1000000 1 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('identities', 'ix_identities_project_id_tenant_id', '50000000 1000000 100');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('identities', 'ix_identities_project_id_user_id', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('login_ids', 'sqlite_autoindex_login_ids_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('login_ids', 'ix_login_ids_project_id_user_id', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('memberships', 'sqlite_autoindex_memberships_1', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('memberships', 'ix_memberships_project_id_tenant_id_user_id', '50000000 1000000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('oidc_grants', 'sqlite_autoindex_oidc_grants_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('oidc_grants', 'ix_oidc_grants_project_id_application_id_user_id', '50000000 1000000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('oidc_grants', 'ix_oidc_grants_project_id_expires_at', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('oidc_grants', 'ix_oidc_grants_project_id_session_id', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('oidc_grants', 'ix_oidc_grants_project_id_user_id', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('oidc_logouts', 'sqlite_autoindex_oidc_logouts_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('oidc_logouts', 'ix_oidc_logouts_due', '50000000 50');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('oidc_logouts', 'ix_oidc_logouts_project_id_application_id_due_at', '50000000 1000000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('passkeys', 'sqlite_autoindex_passkeys_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('passkeys', 'ix_passkeys_project_id_user_id_created_at', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('password_history', 'sqlite_autoindex_password_history_1', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('passwords', 'sqlite_autoindex_passwords_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('provider_tokens', 'sqlite_autoindex_provider_tokens_1', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('recovery_codes', 'sqlite_autoindex_recovery_codes_1', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('roles', 'sqlite_autoindex_roles_1', '50000 1000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('roles', 'ix_roles_project_id_name', '50000 1000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('roles', 'uq_roles_project_name', '50000 1000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('roles', 'uq_roles_tenant_name', '50000 1000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('saml_requests', 'sqlite_autoindex_saml_requests_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('saml_requests', 'ix_saml_requests_project_id_expires_at', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('saml_signins', 'sqlite_autoindex_saml_signins_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('saml_signins', 'ix_saml_signins_project_id_application_id_name_id', '50000000 1000000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('saml_signins', 'ix_saml_signins_project_id_expires_at', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('saml_signins', 'ix_saml_signins_project_id_session_id', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('saml_signins', 'ix_saml_signins_project_id_user_id', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('saml_signins', 'uq_saml_signins_session', '50000000 1000000 100 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('sessions', 'sqlite_autoindex_sessions_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('sessions', 'ix_sessions_heard', '50000 1000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('sessions', 'ix_sessions_impersonator', '50000 1000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('sessions', 'ix_sessions_project_id_expires_at', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('sessions', 'ix_sessions_project_id_user_id_created_at', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('sso_connections', 'sqlite_autoindex_sso_connections_1', '500000 10000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('tenant_domains', 'sqlite_autoindex_tenant_domains_1', '2500000 50000 16666 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('tenant_domains', 'ix_tenant_domains_project_id_tenant_id_kind', '2500000 50000 5 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('totp_seeds', 'sqlite_autoindex_totp_seeds_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('trusted_devices', 'sqlite_autoindex_trusted_devices_1', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('trusted_devices', 'ix_trusted_devices_project_id_user_id_last_used_at', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('user_applications', 'sqlite_autoindex_user_applications_1', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('user_applications', 'ix_user_applications_project_id_application_id', '50000000 1000000 100');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('access_key_roles', 'sqlite_autoindex_access_key_roles_1', '5000000 100000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('access_key_roles', 'ix_access_key_roles_project_id_role_id', '5000000 100000 1000');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('access_key_tenants', 'sqlite_autoindex_access_key_tenants_1', '5000000 100000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('access_key_tenants', 'ix_access_key_tenants_project_id_tenant_id_key_id', '5000000 100000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('group_members', 'sqlite_autoindex_group_members_1', '50000000 1000000 100 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('group_members', 'ix_group_members_project_id_user_id', '50000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('membership_roles', 'sqlite_autoindex_membership_roles_1', '50000000 1000000 1 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('membership_roles', 'ix_membership_roles_project_id_role_id_tenant_id_user_id', '50000000 1000000 10000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('role_permissions', 'sqlite_autoindex_role_permissions_1', '500000 10000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('role_permissions', 'ix_role_permissions_project_id_permission_id', '500000 10000 20');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('saml_metadata', 'sqlite_autoindex_saml_metadata_1', '50000000 1000000 100 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('tenant_default_roles', 'sqlite_autoindex_tenant_default_roles_1', '2500000 50000 5 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('tenant_default_roles', 'ix_tenant_default_roles_project_id_role_id', '2500000 50000 500');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('user_roles', 'sqlite_autoindex_user_roles_1', '50000000 1000000 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('user_roles', 'ix_user_roles_project_id_role_id_user_id', '50000000 1000000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('access_key_tenant_roles', 'sqlite_autoindex_access_key_tenant_roles_1', '5000000 100000 1 1 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('access_key_tenant_roles', 'ix_access_key_tenant_roles_project_id_role_id', '5000000 100000 1000');
