# intacct-mock: the only build entry. `make help` lists what it can do.
#
# Everything made lies below $(BUILD). The same sources are built in several *flavours*, each below a folder of
# its own: $(BUILD) is the product, $(BUILD)/asan, tsan, clang and fuzz are for checking. So server/base/str.c
# becomes $(BUILD)/obj/server/base/str.o and $(BUILD)/asan/obj/server/base/str.o.
#
#   make V=1 ...            show whole commands
#   make CC=clang ...       another compiler; CFLAGS, CPPFLAGS and LDFLAGS are yours
#   make DEVELOPER=1 ...    warnings are errors (so they are wherever something is tested or checked)
#   make test-unit T=jwt    only the test programs with "jwt" in their path
#   make run ARGS='--port 9000 --scenario access-token-expired'

VERSION := 0.1.0

BUILD        ?= build
DEPS         ?= build/deps
PREFIX       ?= /usr/local
CLANG        ?= clang
SAN_CC       ?= $(CC)
FUZZ_SECONDS ?= 20
SOAK_SECONDS ?= 300
TIMES        ?= 1
CFLAGS       ?= -O2 -g

# make takes a blank for the end of a name. The folder of the sources may have one: all below it is named from there.
$(foreach folder,BUILD DEPS,$(if $(word 2,$($(folder))),$(error make cannot build in a folder with a blank in its name: \
	$(folder)=$($(folder)). Give one without a blank, or one below this folder by its relative path)))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules -j$(shell nproc 2>/dev/null || echo 2)

# === What is built =========================================================================================

PROGRAM_SRC := server/main.c $(sort $(wildcard server/commands/*.c))
# the door to CivetWeb holds all of CivetWeb: compiled with flags of its own, and no source of ours for lint
DOOR_SRC := server/listener/civetweb.c
LIBRARY_SRC := $(filter-out $(PROGRAM_SRC) $(DOOR_SRC),$(sort $(wildcard server/*.c server/*/*.c)))
# of the program: all but main(), so that it can be tested by itself
COMMAND_PARTS := $(filter-out server/main.c,$(PROGRAM_SRC))
HEADERS     := $(sort $(wildcard server/*.h server/*/*.h))

# C sources of the library made during the build, $(BUILD)/gen/NAME.c: files that the program carries inside itself.
GENERATED := $(BUILD)/gen/openapi.c $(BUILD)/gen/scenarios.c $(BUILD)/gen/format.c $(BUILD)/gen/pages.c
PAGES     := $(sort $(wildcard server/pages/*.* server/pages/vendor/*.js))
SCENARIOS := $(filter-out scenarios/schema.json,$(sort $(wildcard scenarios/*.json)))

SUPPORT_SRC := $(sort $(wildcard tests/support/*.c))
UNIT_SRC    := $(sort $(wildcard tests/unit/test_*.c tests/unit/*/test_*.c tests/unit/*/*/test_*.c))
STORIES_SRC := $(sort $(wildcard tests/stories/*.c))
THREADS_SRC := $(sort $(wildcard tests/threads/test_*.c))
TORTURE_SRC := tests/torture/torture.c
FUZZ_SRC    := $(sort $(wildcard tests/fuzz/fuzz_*.c))
BENCH_SRC   := $(sort $(wildcard tests/bench/*.c))
WIRE_TESTS  := $(sort $(wildcard tests/wire/test_*.py))
ATTACK_TESTS := $(sort $(wildcard tests/attack/test_*.py))
GOLDEN_TESTS := $(sort $(wildcard tests/golden/test_*.py))
# what goes through the whole catalogue takes minutes, and so does building the sources anew: these belong to make check
KINDS_TESTS := tests/scenarios/test_kinds.py tests/scenarios/test_intercepted.py
DIST_TEST   := tests/docs/test_dist.py
SCENARIO_TESTS := $(filter-out $(KINDS_TESTS),$(sort $(wildcard tests/scenarios/test_*.py)))
EMBED_TESTS := $(sort $(wildcard tests/embed/test_*.py))
BROWSER_TESTS := $(sort $(wildcard tests/browser/test_*.py))
OPENAPI_TESTS := $(sort $(wildcard tests/openapi/test_*.py))
PACKAGES_TESTS := $(sort $(wildcard tests/packages/test_*.py))
DOCS_TESTS  := $(filter-out $(DIST_TEST),$(sort $(wildcard tests/docs/test_*.py)))
INTEROP     := $(sort $(wildcard tests/interop/*/run))
BENCHES     := $(filter-out tests/bench/instructions.py,$(sort $(wildcard tests/bench/*.py tests/bench/*.sh)))

# Documents that the program prints about itself: the file, and the arguments that print it.
DOCS := server/CAUSES.md scenarios/README.md scenarios/schema.json
print_server/CAUSES.md      := causes --markdown
print_scenarios/README.md   := scenarios --markdown
print_scenarios/schema.json := scenarios --schema

# === With what =============================================================================================

# .ci/setup knows what each kind of goal needs. Goals that run something also install what is missing (as root
# or by sudo); the others only say what it is.
CHECKS    := $(filter check check-% lint format asan ubsan tsan coverage soak fuzz fuzz-long,$(MAKECMDGOALS))
TESTS     := $(filter test test-% golden bench mutants setup,$(MAKECMDGOALS))
LANGUAGES := $(filter interop check-interop,$(MAKECMDGOALS))
LEVEL     ?= $(if $(filter-out $(LANGUAGES),$(CHECKS)),check,$(if $(LANGUAGES),interop,$(if $(TESTS),test,build)))
INSTALL_  := $(if $(CHECKS)$(TESTS)$(LANGUAGES)$(filter run,$(MAKECMDGOALS)),--install)
DEVELOPER ?= $(if $(CHECKS)$(TESTS)$(LANGUAGES),1)

# -Werror is left out of the recorded flags: it decides whether an object comes to be, not what is in it
WERROR   := $(if $(DEVELOPER),-Werror)
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wformat=2 -Wvla -Wundef -Wcast-qual -Wcast-align \
	-Wwrite-strings -Wpointer-arith -Wnull-dereference -Wdate-time
# cmocka hands every test a `void **state`, and no compiler is told that a failed assertion does not return
TEST_WARNINGS := -Wno-unused-parameter -Wno-null-dereference -Wno-cast-qual

DIALECT   := -std=c11 -pthread -fPIC -fvisibility=hidden
HARDENING := -fstack-protector-strong $(if $(findstring -O,$(CFLAGS)),-D_FORTIFY_SOURCE=2)
HARDENED  := -Wl,-z,relro -Wl,-z,now
ASAN      := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
TSAN      := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
FUZZER    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

# $(call lazily,NAME,COMMAND): NAME is what COMMAND prints. It runs once, when a recipe first needs it; by then
# .ci/setup has seen to it that it can.
lazily = $(eval $(1) = $$(eval $(1) := $$$$(shell $(2)))$$($(1)))
$(call lazily,PKG_CFLAGS,pkg-config --cflags libssl libcrypto libcjson zlib)
$(call lazily,PKG_LIBS,pkg-config --libs libssl libcrypto libcjson zlib)
$(call lazily,TEST_LIBS,pkg-config --cflags --libs cmocka libcurl)

DEFINES  := -D_POSIX_C_SOURCE=200809L -DIM_VERSION='"$(VERSION)"' -DCIVETWEB_API=
INCLUDES  = -Iserver -isystem $(DEPS)/civetweb/include $(PKG_CFLAGS)
LIBS      = $(PKG_LIBS)
COMPILE   = $(DIALECT) $(WARNINGS) $(DEFINES) $(INCLUDES) $(CPPFLAGS)

# server/DECISIONS.md says what each of these is for.
CIVETWEB         := $(DEPS)/civetweb/VERSION
CIVETWEB_COMPILE := -std=gnu11 -pthread -fPIC -fvisibility=hidden -w -DNDEBUG -DUSE_IPV6 -DOPENSSL_API_3_0 \
	-DNO_SSL_DL -DNO_CGI -DNO_FILES -DSOCKET_TIMEOUT_QUANTUM=20 -DSTOP_FLAG_NEEDS_LOCK -DCIVETWEB_API= \
	'-DBUILD_DATE="none"' -Iserver -I$(DEPS)/civetweb/include -I$(DEPS)/civetweb/src

Q    := $(if $(V),,@)
say   = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@printf '  %-8s %s\n' '$(1)' '$(2)')

# $(call record,FILE,TEXT): FILE holds TEXT, and is touched only when TEXT changes
record = @mkdir -p $(dir $(1)) && printf '%s\n' '$(subst ','\'',$(2))' | cmp -s - $(1) || \
	printf '%s\n' '$(subst ','\'',$(2))' >$(1)

# === Files made into C: .ci/embed ===========================================================================

$(BUILD)/gen/openapi.c: server/control/openapi.json .ci/embed
	$(call embed,file control/openapi.h im_openapi_json $<)
$(BUILD)/gen/format.c: server/scenario/format.md .ci/embed
	$(call embed,file base/embedded.h im_scenario_format $<)
$(BUILD)/gen/scenarios.c: $(BUILD)/gen/scenarios.list $(SCENARIOS) .ci/embed
	$(call embed,list base/embedded.h im_scenario_file $(SCENARIOS))
$(BUILD)/gen/pages.c: $(BUILD)/gen/pages.list $(PAGES) .ci/embed
	$(call embed,files base/embedded.h im_page_file $(PAGES))
# touched when a file comes or goes
$(BUILD)/gen/scenarios.list: FORCE
	$(call record,$@,$(SCENARIOS))
$(BUILD)/gen/pages.list: FORCE
	$(call record,$@,$(PAGES))

define embed
	@mkdir -p $(@D)
	$(call say,EMBED,$@)
	$(Q).ci/embed $(1) >$@
endef

# === How: the rules of one flavour =========================================================================

# $(call flavour,FOLDER,COMPILER,FLAGS): all there can be made of the sources with that compiler and those flags
define flavour
$(1)/flags: FORCE | setup $$(CIVETWEB)
	$$(call record,$$@,$(2) $$(COMPILE) $(3) $$(LDFLAGS) $$(LIBS) $$(CIVETWEB_COMPILE))
$(1)/members: FORCE
	$$(call record,$$@,$$(LIBRARY_SRC) $$(GENERATED) $$(SUPPORT_SRC) $$(STORIES_SRC))

$(1)/obj/%.o: %.c $(1)/flags $$(CIVETWEB)
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)$(2) $$(COMPILE) $(3) $$(WERROR) $$(if $$(filter tests/%,$$<),-Itests $$(TEST_WARNINGS)) -MMD -MP -c -o $$@ $$<
$(1)/obj/gen/%.o: $$(BUILD)/gen/%.c $(1)/flags $$(CIVETWEB)
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)$(2) $$(COMPILE) $(3) $$(WERROR) -MMD -MP -c -o $$@ $$<
$$(call objects,$(1),$$(DOOR_SRC)): $$(DOOR_SRC) $$(CIVETWEB) $(1)/flags
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)$(2) $$(CIVETWEB_COMPILE) $$(PKG_CFLAGS) $(3) -MMD -MP -c -o $$@ $$<

$(1)/libim-internal.a: $$(call objects,$(1),$$(LIBRARY_SRC) $$(DOOR_SRC) $$(GENERATED)) $(1)/members
$(1)/tests/libsupport.a: $$(call objects,$(1),$$(SUPPORT_SRC)) $(1)/members
$(1)/libim-internal.a $(1)/tests/libsupport.a:
	@mkdir -p $$(@D) && rm -f $$@
	$$(call say,AR,$$@)
	$$(Q)$$(AR) rcs $$@ $$(filter %.o,$$^)

$(1)/intacct-mock: $$(call objects,$(1),$$(PROGRAM_SRC)) $(1)/libim-internal.a
	$$(call say,LINK,$$@)
	$$(Q)$(2) $(3) $$(HARDENED) $$(LDFLAGS) -pthread -o $$@ $$(filter %.o %.a,$$^) $$(LIBS)

$(1)/tests/stories: $$(call objects,$(1),$$(STORIES_SRC))
$(call programs,$(1),$(UNIT_SRC) $(THREADS_SRC) $(BENCH_SRC)): $(1)/%: $(1)/obj/%.o
$(call programs,$(1),$(filter tests/unit/commands/%,$(UNIT_SRC))): $(call objects,$(1),$(COMMAND_PARTS))
$(1)/tests/stories $(call programs,$(1),$(UNIT_SRC) $(THREADS_SRC) $(BENCH_SRC)): $(1)/tests/libsupport.a $(1)/libim-internal.a $(1)/members
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$(2) $(3) $$(LDFLAGS) -pthread -o $$@ $$(filter %.o,$$^) $(1)/tests/libsupport.a $(1)/libim-internal.a $$(LIBS) $$(TEST_LIBS)

-include $$(patsubst %.o,%.d,$$(call objects,$(1),$$(PROGRAM_SRC) $$(LIBRARY_SRC) $$(DOOR_SRC) $$(GENERATED) $$(TEST_SRC)))
endef

TEST_SRC := $(SUPPORT_SRC) $(UNIT_SRC) $(STORIES_SRC) $(THREADS_SRC) $(TORTURE_SRC) $(FUZZ_SRC) $(BENCH_SRC)
objects   = $(patsubst %.c,$(1)/obj/%.o,$(2:$(BUILD)/%=%))
programs  = $(patsubst %.c,$(1)/%,$(2))

$(eval $(call flavour,$(BUILD),$(CC),$$(CFLAGS) $$(HARDENING)))
$(eval $(call flavour,$(BUILD)/asan,$(SAN_CC),$$(ASAN)))
$(eval $(call flavour,$(BUILD)/tsan,$(SAN_CC),$$(TSAN)))
$(eval $(call flavour,$(BUILD)/clang,$(CLANG),-O2 $$(HARDENING)))
$(eval $(call flavour,$(BUILD)/fuzz,$(CLANG),$$(FUZZER)))
# a sanitizer changes what gcc sees of the flow, and gcc then warns of what is not there
$(BUILD)/asan/% $(BUILD)/tsan/%: WERROR := -w

# the stories, told while an allocation of the product fails
TORTURE := $(BUILD)/asan/tests/torture/torture
WRAPPED := malloc calloc realloc strdup im_start im_handle im_stop
$(TORTURE): $(call objects,$(BUILD)/asan,$(TORTURE_SRC) $(filter-out %/main.c,$(STORIES_SRC))) \
		$(BUILD)/asan/tests/libsupport.a $(BUILD)/asan/libim-internal.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(SAN_CC) $(ASAN) $(LDFLAGS) -pthread $(WRAPPED:%=-Wl,--wrap=%) -o $@ $^ $(LIBS) $(TEST_LIBS)

$(BUILD)/fuzz/obj/%: FUZZER += -fsanitize=fuzzer-no-link
$(call programs,$(BUILD)/fuzz,$(FUZZ_SRC)): $(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/%.o $(BUILD)/fuzz/libim-internal.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CLANG) $(FUZZER) -fsanitize=fuzzer $(LDFLAGS) -pthread -o $@ $^ $(LIBS)

# --- the library as it is installed: CivetWeb inside, and nothing to be seen but what IM_API marks ---

# The number of the binary interface. It was raised once, when struct im_options got a size, and is not raised again:
# structs grow at their end, and functions are added.
ABI        := 1
SONAME     := libintacct-mock.so.$(ABI)
STATIC_LIB := $(BUILD)/libintacct-mock.a
SHARED_LIB := $(BUILD)/$(SONAME).$(VERSION)
LIB_OBJ    := $(call objects,$(BUILD),$(LIBRARY_SRC) $(DOOR_SRC) $(GENERATED))

# cJSON is in it, hidden as all else, since no system has a static one: who links it needs OpenSSL and zlib alone
$(STATIC_LIB): $(LIB_OBJ) $(BUILD)/static/obj/cJSON.o $(BUILD)/members
	$(call say,AR,$@)
	$(Q)$(LD) -r -o $(BUILD)/obj/libintacct-mock.o $(filter %.o,$^)
	$(Q)objcopy --localize-hidden $(BUILD)/obj/libintacct-mock.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(BUILD)/obj/libintacct-mock.o
$(SHARED_LIB): $(LIB_OBJ) $(BUILD)/members
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,-z,defs $(HARDENED) $(LDFLAGS) -pthread -o $@ \
		$(filter %.o,$^) $(LIBS)
	$(Q)ln -sf $(notdir $@) $(BUILD)/$(SONAME) && ln -sf $(notdir $@) $(BUILD)/libintacct-mock.so

# --- the program with everything in it, for an image that has nothing else: docker/Dockerfile ---

# -static-pie, so that addresses are scattered all the same. What the linker says about getaddrinfo and getpwnam is of no
# account: CivetWeb and OpenSSL name them, and only numeric addresses ever get there; tests/docker runs it in an empty root.
CJSON       := $(DEPS)/cjson/VERSION
STATIC      := $(BUILD)/static/intacct-mock
STATIC_LIBS  = -lssl -lcrypto -lz

$(BUILD)/static/obj/cJSON.o: $(CJSON) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(DIALECT) -w $(CFLAGS) $(HARDENING) -c -o $@ $(DEPS)/cjson/cJSON.c
$(STATIC): $(call objects,$(BUILD),$(PROGRAM_SRC)) $(BUILD)/libim-internal.a $(BUILD)/static/obj/cJSON.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(HARDENING) $(HARDENED) $(LDFLAGS) -static-pie -s -Wl,--gc-sections -pthread -o $@ \
		$(filter %.o,$^) $(filter %.a,$^) $(STATIC_LIBS) 2>$@.log || { cat $@.log >&2; exit 1; }

$(CJSON): | setup
	$(Q).ci/cjson $(DEPS)
$(CIVETWEB): | setup
	$(Q)CC='$(CC)' .ci/civetweb $(DEPS)

# === Everyday ==============================================================================================

.PHONY: FORCE all static docker run setup docs compile_commands.json install uninstall clean format help
FORCE:

all: $(BUILD)/intacct-mock $(STATIC_LIB) $(SHARED_LIB)  ## the program, build/intacct-mock, and the libraries (the default)

static: $(STATIC)  ## the program with all its libraries inside, build/static/intacct-mock

# every file that the Dockerfile copies
IMAGE       := $(BUILD)/docker/image.tar
IMAGES      := $(IMAGE) $(BUILD)/docker/image-arm64.tar
IMAGE_FILES := docker/Dockerfile docker/build docker/cross .dockerignore Makefile LICENSE $(wildcard .ci/*) $(PROGRAM_SRC) $(LIBRARY_SRC) $(DOOR_SRC) \
	$(HEADERS) $(wildcard server/*.def server/*/*.def server/*/*.md server/*/*.json) $(SCENARIOS) $(PAGES) $(wildcard server/pages/vendor/*)
docker:  ## the container image, with docker, podman or buildah, whichever is there; for another processor: ARCH=arm64
	$(Q)ARCH='$(ARCH)' BUILD='$(BUILD)' docker/build intacct-mock:$(VERSION)
# one after the other: both build in the same storage
$(BUILD)/docker/image-arm64.tar: $(IMAGE)
$(IMAGE): TAG := $(VERSION)
$(IMAGE): FOR :=
$(BUILD)/docker/image-arm64.tar: FOR := arm64
$(BUILD)/docker/image-arm64.tar: TAG := $(VERSION)-arm64
$(IMAGES): $(IMAGE_FILES) | setup
	@mkdir -p $(@D)
	$(call say,IMAGE,$@)
	$(Q)ARCH='$(FOR)' BUILD='$(BUILD)' docker/build intacct-mock:$(TAG) $@ >$@.log 2>&1 || { tail -n 30 $@.log >&2; exit 1; }

# --- what a release consists of: packages/README.md ---

.PHONY: packages release images
PACKAGES      := $(BUILD)/dist/SHA256SUMS
PACKAGE_FILES := $(shell find packages -type f ! -name '*.pyc') $(wildcard server/man/*) README.md CHANGELOG.md LICENSE .ci/epoch
images: $(IMAGES)
packages: $(PACKAGES)  ## tarballs, wheels, npm, Maven and Go packages, for x86-64 and arm64, into build/dist
$(PACKAGES): $(IMAGES) $(PACKAGE_FILES)
	$(call say,PACKAGES,$(@D))
	@mkdir -p $(@D)
	$(Q)PYTHONDONTWRITEBYTECODE=1 $(PYTHON) packages/build.py $(VERSION) "$$(.ci/epoch $(VERSION))" $(@D) $(BUILD)/packages $(IMAGES) >$(BUILD)/packages.log \
		|| { cat $(BUILD)/packages.log >&2; exit 1; }
release:  ## make VERSION=x.y.z ready to be published, and say how: packages/release
	$(Q)packages/release $(VERSION)

run: all  ## start the server; more options: make run ARGS='--port 9000'
	$(Q)exec $(BUILD)/intacct-mock serve $(ARGS)

setup:  ## install what building and testing need, where this is root or sudo works
	@CC='$(CC)' DEPS='$(DEPS)' .ci/setup $(INSTALL_) $(LEVEL)

docs: $(BUILD)/intacct-mock  ## write the documents that the program prints about itself
	$(Q)$(foreach doc,$(DOCS),$(BUILD)/intacct-mock $(print_$(doc)) >$(BUILD)/doc.tmp && mv $(BUILD)/doc.tmp $(doc) &&) true

compile_commands.json: | $(CIVETWEB)  ## how each C file is compiled, for clangd and other tools
	$(Q)TEST_FLAGS='-Itests $(TEST_WARNINGS)' .ci/compile-commands '$(subst ','\'',$(CC) $(COMPILE) $(CFLAGS) $(HARDENING))' \
		$(filter %.c,$(C_FILES)) >$@

format:  ## lay out all C files as .clang-format says
	clang-format -i $(C_FILES)

# where the system's linker does not look by itself, a program is told where its library is
PC_RPATH = $(if $(filter /usr /usr/local,$(PREFIX)),,-Wl$(comma)-rpath$(comma)"$${libdir}" )
comma   := ,
PC_FILE = prefix=$(PREFIX)\nlibdir=$${prefix}/lib\nincludedir=$${prefix}/include\n\nName: intacct-mock\nVersion: $(VERSION)\n\
Description: A mock Sage Intacct OAuth server for tests\nCflags: -I"$${includedir}"\nLibs: -L"$${libdir}" $(PC_RPATH)-lintacct-mock\n\
Libs.private: -pthread\nRequires.private: libssl libcrypto zlib\n
INTO     = $(DESTDIR)$(PREFIX)
# intacct-mock.1 goes to share/man/man1
MAN_PAGES := $(sort $(wildcard server/man/*.[0-9]))
# man im_start finds intacct-mock(3): a page of one line for each function that stands in its NAME
MAN_LINKS := $(addsuffix .3,$(shell sed -n 's/^\.Nm \(im_[a-z_]*\).*/\1/p' server/man/intacct-mock.3))
man_of     = $(INTO)/share/man/man$(subst .,,$(suffix $(1)))/$(notdir $(1))

install: all  ## into PREFIX=/usr/local; packagers: DESTDIR=
	install -d '$(INTO)/bin' '$(INTO)/include' '$(INTO)/lib/pkgconfig' '$(INTO)/share/doc/intacct-mock'
	install -d $(foreach section,1 3 5,'$(INTO)/share/man/man$(section)')
	install -m 755 $(BUILD)/intacct-mock '$(INTO)/bin'
	install -m 644 server/intacct_mock.h '$(INTO)/include'
	install -m 644 $(STATIC_LIB) '$(INTO)/lib'
	install -m 755 $(SHARED_LIB) '$(INTO)/lib'
	ln -sf $(notdir $(SHARED_LIB)) '$(INTO)/lib/$(SONAME)'
	ln -sf $(SONAME) '$(INTO)/lib/libintacct-mock.so'
	printf '$(subst \n ,\n,$(PC_FILE))' >'$(INTO)/lib/pkgconfig/intacct-mock.pc'
	$(foreach page,$(MAN_PAGES),install -m 644 $(page) '$(call man_of,$(page))' &&) true
	for page in $(MAN_LINKS); do echo '.so man3/intacct-mock.3' >'$(INTO)/share/man/man3/'$$page || exit 1; done
	cd '$(INTO)/share/man/man3' && chmod 644 $(MAN_LINKS)
	install -d '$(INTO)/share/bash-completion/completions' '$(INTO)/share/zsh/site-functions'
	$(BUILD)/intacct-mock completion bash >'$(INTO)/share/bash-completion/completions/intacct-mock'
	$(BUILD)/intacct-mock completion zsh >'$(INTO)/share/zsh/site-functions/_intacct-mock'
	chmod 644 '$(INTO)/share/bash-completion/completions/intacct-mock' '$(INTO)/share/zsh/site-functions/_intacct-mock'
	install -m 644 LICENSE '$(INTO)/share/doc/intacct-mock'
	install -m 644 $(DEPS)/cjson/LICENSE '$(INTO)/share/doc/intacct-mock/LICENSE.cjson'
	install -m 644 $(DEPS)/civetweb/LICENSE.md '$(INTO)/share/doc/intacct-mock/LICENSE.civetweb.md'
	install -m 644 server/pages/vendor/LICENSE.htm server/pages/vendor/LICENSE.preact '$(INTO)/share/doc/intacct-mock'

uninstall:  ## take away what install put there
	rm -f '$(INTO)/bin/intacct-mock' '$(INTO)/include/intacct_mock.h' '$(INTO)/lib/pkgconfig/intacct-mock.pc'
	rm -f '$(INTO)/lib/libintacct-mock.a' '$(INTO)/lib/libintacct-mock.so' '$(INTO)/lib/libintacct-mock.so.'*
	rm -f $(foreach page,$(MAN_PAGES),'$(call man_of,$(page))')
	rm -f $(foreach page,$(MAN_LINKS),'$(INTO)/share/man/man3/$(page)')
	rm -f '$(INTO)/share/bash-completion/completions/intacct-mock' '$(INTO)/share/zsh/site-functions/_intacct-mock'
	rm -rf '$(INTO)/share/doc/intacct-mock'

# Both are reproducible: of the same source they are the same bytes, wherever that lies.
.PHONY: dist deb
dist:  ## the source of this commit: build/dist/intacct-mock-VERSION.tar.gz and its checksum
	$(Q).ci/dist $(VERSION) $(BUILD)/dist

# built apart, with flags of its own: no folder of this machine is in it
DEB_ROOT = $(abspath $(BUILD))/deb/root
DEB_FLAGS = -O2 -g0 '-ffile-prefix-map=$(CURDIR)=.' '-ffile-prefix-map=$(abspath $(BUILD))=build'
deb: | $(CIVETWEB)  ## a Debian package of what install installs: build/dist/intacct-mock_VERSION_ARCH.deb
	$(Q)rm -rf '$(DEB_ROOT)' '$(DEB_ROOT).control' && mkdir -p $(BUILD)
	$(Q)$(MAKE) --no-print-directory BUILD='$(BUILD)/deb' DEPS='$(DEPS)' CFLAGS='$(subst ','\'',$(DEB_FLAGS))' DEVELOPER= DESTDIR='$(DEB_ROOT)' \
		PREFIX=/usr install >$(BUILD)/deb.log 2>&1 || { cat $(BUILD)/deb.log >&2; exit 1; }
	$(Q).ci/deb $(VERSION) '$(DEB_ROOT)' '$(abspath $(BUILD))/dist'

clean:  ## remove what was built, all but what was fetched (that is build/deps)
	$(Q)[ ! -d $(BUILD) ] || find $(BUILD) -mindepth 1 -maxdepth 1 ! -path '$(DEPS)' -exec rm -rf {} +

help:  ## this list
	@sed -nE 's/^([a-z][a-z_.-]*):.*## (.*)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

# === Tests: one suite is one line `NAME: N passed, N failed` ===============================================

pick = $(if $(T),$(foreach p,$(1),$(if $(findstring $(T),$(p)),$(p))),$(1))
under = INTACCT_MOCK='$(abspath $(BUILD)/intacct-mock)' BUILD='$(abspath $(BUILD))' DEPS='$(DEPS)' CC='$(CC)' \
	$(1) tests/run.py
RUN   = $(call under,$(PYTHON))
PYTHON := python3

UNIT    := $(call programs,$(BUILD),$(UNIT_SRC))
THREADS := $(call programs,$(BUILD),$(THREADS_SRC))
overs    = $(foreach over,$(2),'$(1)/tests/stories --over $(over)')
# the same, where T picks programs
told     = $(if $(call pick,$(1)/tests/stories),$(call overs,$(1),$(2)))

run_unit    = $(RUN) unit $(call pick,$(UNIT))
run_stories = $(RUN) stories jobs=1 timeout=300 $(call overs,$(BUILD),process http https)
run_threads = $(RUN) threads jobs=1 timeout=300 $(call pick,$(THREADS))
run_wire    = $(RUN) wire timeout=300 $(call pick,$(WIRE_TESTS))
run_attack  = $(RUN) attack timeout=300 $(call pick,$(ATTACK_TESTS))
run_golden  = $(RUN) golden timeout=300 $(call pick,$(GOLDEN_TESTS))
# they mostly wait: for what a client waits for
run_scenarios = $(RUN) scenarios jobs=4 timeout=900 $(call pick,$(SCENARIO_TESTS))
check_kinds   = $(RUN) kinds timeout=$$(($(TIMES) * 900)) $(call pick,$(KINDS_TESTS))
run_embed   = $(RUN) embed jobs=1 timeout=300 $(call pick,$(EMBED_TESTS))
run_docs    = $(RUN) docs jobs=1 timeout=300 $(call pick,$(DOCS_TESTS))
SUITES := unit stories threads wire attack golden scenarios $(if $(EMBED_TESTS),embed) docs

.PHONY: test $(SUITES:%=test-%) golden bench mutants coverage fuzz fuzz-long

# every one of the commands, also after one has failed
all_of = @status=0; $(foreach command,$(1),$($(command)) || status=1;) exit $$status

test: all $(UNIT) $(THREADS) $(BUILD)/tests/stories  ## the everyday suites of tests; the slow ones are checks
	$(call all_of,$(SUITES:%=run_%))
test-unit: $(UNIT)  ## one piece of code each, without a socket
	@$(run_unit)
test-stories: $(BUILD)/tests/stories  ## the stories, in process, over HTTP and over HTTPS
	@$(run_stories)
test-threads: $(THREADS)  ## many threads at once
	@$(run_threads)
test-wire: all  ## the program from outside: bytes, ports, signals
	@$(run_wire)
test-attack: all  ## secrets by value in every place, pages of other origins: nothing comes of them
	@$(run_attack)
test-golden: all  ## every public surface is as tests/golden/files has it
	@$(run_golden)
golden: all  ## record the public surfaces anew
	@GOLDEN=write $(run_golden)
test-scenarios: all  ## the catalogue: what each scenario expects, held against good and bad clients
	@$(run_scenarios)
test-embed: all  ## the library, installed and linked
	@$(run_embed)
test-docs: all  ## what the documents say, executed
	@$(run_docs)

bench: all $(call programs,$(BUILD),$(BENCH_SRC))  ## measure: tables, and build/bench/table.json
	@$(RUN) bench jobs=1 timeout=900 show=1 count=exit $(call pick,$(call programs,$(BUILD),$(filter-out %/bare.c,$(BENCH_SRC))) $(BENCHES))

# read by people, so in no check: each survivor is a test that is missing, or a mistake that changes nothing
FOLDERS = oauth grants directory verdict
mutants: $(UNIT) $(BUILD)/tests/stories  ## small mistakes in server/FOLDERS, and which of them no test notices: SAMPLE=25 of each, 0 = all
	@BUILD='$(abspath $(BUILD))' COMPILE='$(subst ','\'',$(CC) $(COMPILE))' LINK='$(LDFLAGS) -pthread $(LIBS) $(TEST_LIBS)' \
		$(PYTHON) tests/mutation/mutants.py $(FOLDERS) --sample $(or $(SAMPLE),25) --seed $(or $(SEED),1)

FUZZERS   := $(call programs,$(BUILD)/fuzz,$(FUZZ_SRC))
fuzz_name  = $(patsubst fuzz_%,%,$(notdir $(1)))
fuzz_seeds_scenario := scenarios
fuzz_seeds_explain := tests/data/explain tests/data/explain/field
fuzz_run   = '$(1) -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -artifact_prefix=$(BUILD)/fuzz/$(fuzz_name)- \
	$(BUILD)/fuzz/corpus/$(fuzz_name) $(wildcard tests/data/fuzz/$(fuzz_name) $(fuzz_seeds_$(fuzz_name)))'
run_fuzz   = mkdir -p $(foreach f,$(FUZZERS),$(BUILD)/fuzz/corpus/$(call fuzz_name,$(f))); \
	$(RUN) fuzz count=exit timeout=$$(($(FUZZ_SECONDS) + 120)) $(foreach f,$(call pick,$(FUZZERS)),$(call fuzz_run,$(f)))
fuzz: $(FUZZERS)  ## look for input that breaks a parser, FUZZ_SECONDS=20 each
	@$(run_fuzz)
fuzz-long: FUZZ_SECONDS := 3600
fuzz-long: fuzz  ## the same as fuzz, an hour each

# === Checks: one check is one line `NAME: N passed, N failed` ==============================================

C_FILES := $(sort $(wildcard server/*.[ch] server/*/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch] tests/*/*/*/*.[ch]))
OUR_OBJ := $(call objects,$(BUILD),$(PROGRAM_SRC) $(LIBRARY_SRC) $(GENERATED))
TIDIED  := $(patsubst %.c,$(BUILD)/tidy/%.log,$(PROGRAM_SRC) $(LIBRARY_SRC))
CLANGED := $(call objects,$(BUILD)/clang,$(PROGRAM_SRC) $(LIBRARY_SRC) $(GENERATED) $(SUPPORT_SRC) $(UNIT_SRC) $(STORIES_SRC) $(THREADS_SRC))

# after the object, so that a change of any header it includes is looked at again
$(BUILD)/tidy/%.log: %.c $(BUILD)/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	$(call say,TIDY,$<)
	$(Q)clang-tidy --quiet $< -- $(COMPILE) >$@ 2>/dev/null || [ -s $@ ]

ASAN_TESTS := $(call programs,$(BUILD)/asan,$(UNIT_SRC) $(THREADS_SRC)) $(BUILD)/asan/tests/stories
TSAN_TESTS := $(call programs,$(BUILD)/tsan,$(THREADS_SRC)) $(BUILD)/tsan/tests/stories
ASAN_ENV := ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1
# a kernel that scatters addresses widely (vm.mmap_rnd_bits=32) leaves TSan no room for its shadow
$(call lazily,UNSCATTERED,setarch `uname -m` -R true 2>/dev/null && echo setarch `uname -m` -R)
TSAN_ENV = $(UNSCATTERED) env TSAN_OPTIONS=second_deadlock_stack=1

check_format  = $(PYTHON) tests/check/format.py $(C_FILES)
check_lint    = BUILD='$(BUILD)' $(PYTHON) tests/check/lint.py $(TIDIED)
check_layers  = $(PYTHON) tests/check/layers.py server
check_headers = $(PYTHON) tests/check/headers.py --flags '$(subst ','\'',$(COMPILE))' --compilers '$(CC) $(CLANG)' $(HEADERS)
check_symbols = $(PYTHON) tests/check/symbols.py --build $(BUILD) --libraries '$(STATIC_LIB) $(SHARED_LIB)' $(OUR_OBJ)
check_docs    = $(PYTHON) tests/check/docs.py $(foreach doc,$(DOCS),'$(doc)=$(BUILD)/intacct-mock $(print_$(doc))')
check_clang   = echo 'clang: $(words $(CLANGED)) passed, 0 failed'
check_instructions = $(RUN) bench-instructions show=1 timeout=300 tests/bench/instructions.py
check_asan    = $(ASAN_ENV) $(RUN) asan timeout=300 $(call pick,$(call programs,$(BUILD)/asan,$(UNIT_SRC))) \
	jobs=1 $(call pick,$(call programs,$(BUILD)/asan,$(THREADS_SRC))) $(call told,$(BUILD)/asan,process http https)
check_torture = $(ASAN_ENV) $(RUN) torture jobs=1 timeout=600 '$(TORTURE) --sample $(or $(SAMPLE),5)'
check_tsan    = $(TSAN_ENV) $(RUN) tsan jobs=1 timeout=600 \
	$(call pick,$(call programs,$(BUILD)/tsan,$(THREADS_SRC))) $(call told,$(BUILD)/tsan,process http)
# the clock of the machine is faked, the monotonic one is not, for conditions neither: who waits, waits as long as ever
FAKED = NO_FAKE_STAT=1 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0
dated = $(foreach program,$(3),'env TZ=$(1) $(FAKED) faketime -f "@$(2)" $(program)')
DATED = $(call pick,$(UNIT) $(BUILD)/tests/stories)
check_dates   = $(RUN) dates timeout=300 $(call dated,UTC,2026-01-01 00:00:00,$(DATED)) $(call dated,Asia/Tokyo,2027-06-30 23:30:00,$(DATED))
check_browser = $(RUN) browser jobs=1 timeout=300 $(call pick,$(BROWSER_TESTS))
check_attack  = $(run_attack)
check_openapi = $(call under,$(VENV)/bin/python) openapi timeout=300 $(call pick,$(OPENAPI_TESTS))
check_interop = $(RUN) interop jobs=1 timeout=900 $(call pick,$(INTEROP))
check_docker  = $(call under,$(VENV)/bin/python) docker jobs=1 timeout=600 tests/docker/test_examples.py tests/docker/test_replicas.py tests/docker/test_static.py \
	'tests/docker/test_image.py $(IMAGE)' 'tests/docker/test_image.py $(BUILD)/docker/image-arm64.tar qemu-aarch64-static'
# the tests run one after the other: each waits for package clients, and two of them would wait for the same ones
check_packages = $(call under,$(VENV)/bin/python) packages jobs=1 timeout=600 $(call pick,$(PACKAGES_TESTS))
# how long is named apart: the program, with a sanitizer in it, gets all kinds of load for so many seconds
SOAKED := $(BUILD)/asan/intacct-mock $(BUILD)/tsan/intacct-mock
soak    = env INTACCT_MOCK='$(abspath $(1))' $(2) tests/run.py soak jobs=1 timeout=$$(($(SOAK_SECONDS) + 120)) 'tests/soak/soak.py $(SOAK_SECONDS)'
run_soak = status=0; $(call soak,$(BUILD)/asan/intacct-mock,$(ASAN_ENV) $(PYTHON)) || status=1; \
	$(call soak,$(BUILD)/tsan/intacct-mock,$(TSAN_ENV) $(PYTHON)) || status=1; exit $$status
check_soak    = ($(run_soak))
check_dist    = $(RUN) dist timeout=300 $(DIST_TEST)
check_fuzz    = $(run_fuzz)
CHECKED := format layers headers symbols docs attack openapi lint clang dates instructions asan torture tsan soak kinds dist fuzz browser interop docker packages

# validators from the package index; whatever stood there before is replaced as a whole
VENV := $(BUILD)/venv
$(VENV)/installed: tests/requirements.txt | setup
	$(call say,VENV,$(VENV))
	$(Q)$(PYTHON) -m venv --clear $(VENV)
	$(Q)$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r $<
	$(Q)touch $@

# axe-core, which looks for what keeps people out
$(BUILD)/browser/installed: tests/browser/package-lock.json | setup
	$(call say,NPM,$@)
	@mkdir -p $(@D) && cp tests/browser/package*.json $(@D)
	$(Q)cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --silent
	$(Q)touch $@

.PHONY: check $(CHECKED:%=check-%) soak interop lint asan ubsan tsan bench-instructions

check: FUZZ_SECONDS := 60
check: SOAK_SECONDS := 30
check: all $(VENV)/installed $(BUILD)/browser/installed $(IMAGES) $(PACKAGES) $(OUR_OBJ) $(TIDIED) $(CLANGED) $(UNIT) $(BUILD)/tests/stories $(ASAN_TESTS) $(TORTURE) $(TSAN_TESTS) $(SOAKED) $(FUZZERS)  ## every check below
	$(call all_of,$(CHECKED:%=check_%))
check-format: | setup  ## laid out as .clang-format says
	@$(check_format)
check-attack: all
	@$(run_attack)
check-layers: | setup  ## no file includes what stands above it
	@$(check_layers)
check-headers: | $(CIVETWEB)  ## every header compiles alone; the public one also as C++
	@$(check_headers)
check-symbols: $(OUR_OBJ) $(STATIC_LIB) $(SHARED_LIB)  ## names, banned functions, the one clock, the doors, no globals
	@$(check_symbols)
check-docs: $(BUILD)/intacct-mock  ## what `make docs` writes is what is committed
	@$(check_docs)
check-openapi: all $(VENV)/installed  ## the control API is what its description says; Prometheus reads the metrics
	@$(check_openapi)
check-lint: $(TIDIED)  ## clang-tidy, cppcheck, shellcheck
	@$(check_lint)
check-clang: $(CLANGED)  ## clang has nothing to warn of either
	@$(check_clang)
check-dates: $(UNIT) $(BUILD)/tests/stories | setup  ## units and stories at two other dates, in two time zones
	@$(check_dates)
check-instructions: all  ## a request costs no more instructions than tests/bench/instructions.json says
	@$(check_instructions)
check-asan: $(ASAN_TESTS)  ## unit, stories and threads under ASan, UBSan and LSan
	@$(check_asan)
check-torture: $(TORTURE)  ## stories whose allocations fail, five of each; all of them: make check-torture SAMPLE=0
	@$(check_torture)
soak: $(SOAKED)  ## load with faults under ASan and under TSan, SOAK_SECONDS=300 each
	@$(run_soak)
check-soak: SOAK_SECONDS := 30
check-soak: $(SOAKED)  ## the same as soak for half a minute each
	@$(run_soak)
check-kinds: all  ## sound clients of every make over the whole catalogue, ten times: TIMES=10; one through the proxy
	@$(check_kinds)
check-dist: all  ## the source tarball and the Debian package: they work, and the same source gives the same bytes
	@$(check_dist)
check-fuzz: FUZZ_SECONDS := 60
check-fuzz: $(FUZZERS)  ## a minute for each fuzzer
	@$(check_fuzz)
# built apart; what the suites below pass through counts, whether they pass or not
COVERED := test-unit test-stories test-threads test-wire test-attack
coverage: $(VENV)/installed | setup  ## how many lines of server/ the suites pass through: build/coverage/report.txt
	$(Q)find $(BUILD)/coverage -name '*.gcda' -delete 2>/dev/null || true
	-$(Q)$(MAKE) --no-print-directory -k BUILD='$(BUILD)/coverage' DEVELOPER= DEPS='$(DEPS)' CFLAGS='-O1 -g --coverage -fprofile-update=atomic' $(COVERED)
	$(Q)$(VENV)/bin/gcovr --root . --filter server/ --gcov-executable '$(subst gcc,gcov,$(notdir $(CC:cc=gcc)))' \
		--txt $(BUILD)/coverage/report.txt --print-summary --fail-under-line 92 $(BUILD)/coverage/obj/server

check-tsan: $(TSAN_TESTS)  ## stories and threads under TSan
	@$(check_tsan)
check-browser: $(BUILD)/intacct-mock $(BUILD)/browser/installed  ## the pages in a real browser; pictures of them in build/browser
	@$(check_browser)
check-interop: all  ## the OAuth clients that people really use, in their own languages
	@$(check_interop)
check-docker: all $(IMAGES) $(VENV)/installed  ## the container image, built without an engine and run; the examples beside it
	@$(check_docker)
check-packages: all $(PACKAGES) $(VENV)/installed  ## each package, installed from its file and used as its user would
	@$(check_packages)
interop: check-interop  ## the same as check-interop
lint: check-lint  ## the same as check-lint
bench-instructions: check-instructions  ## the same as check-instructions
asan: check-asan  ## the same as check-asan
ubsan: check-asan  ## the same as check-asan
tsan: check-tsan  ## the same as check-tsan
