#include "config.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_module.h"

#include "buf.h"

#include "banned.h"

static const char *
folder(void)
{
	const char *named = getenv("STRIPEHOOK_MODULES");

	return named != NULL && named[0] == '/' ? named : STRIPEHOOK_MODULE_DIR;
}

static const struct store_ops *
load(const char *path, const char *name, struct err *e)
{
	const struct store_module *module;
	void *handle;

	if (access(path, F_OK) == -1) {
		err_set(e,
		    "the store is of the kind \"%s\", and its module %s is "
		    "missing: install the package stripehook-%s, or build "
		    "with --with-%s",
		    name, path, name, name);
		return NULL;
	}
	if ((handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)) == NULL) {
		err_set(e, "the module of the store: %s", dlerror());
		return NULL;
	}
	module = dlsym(handle, "stripehook_store_module");
	if (module != NULL && strcmp(module->version, PACKAGE_VERSION) == 0)
		return module->ops;
	err_set(e, "%s is of version %s, this program of " PACKAGE_VERSION,
	    path, module == NULL ? "unknown" : module->version);
	dlclose(handle);
	return NULL;
}

const struct store_ops *
store_module(const char *name, struct err *e)
{
	const struct store_ops *ops = NULL;
	struct buf path;

	buf_init(&path, PATH_MAX);
	buf_printf(&path, "%s/stripehook-%s.so", folder(), name);
	if (path.failed)
		err_set(e, "out of memory");
	else
		ops = load(buf_text(&path), name, e);
	buf_free(&path);
	return ops;
}
