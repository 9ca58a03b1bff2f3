# The front door.  Each target calls one tool; `make -n target` shows it.

.PHONY: help demo test test-long bench bench-instructions coverage lint docs format generate features clean

help:
	@echo 'make demo       build the library and run the demo'
	@echo 'make test       every gate and every test (tools/test --list names the steps)'
	@echo 'make test-long  the same with thread sanitizer, valgrind and the slow tests'
	@echo 'make bench      compare with other libraries'
	@echo 'make bench-instructions   fail when an operation needs more instructions than is kept'
	@echo 'make coverage   lines that the tests reach, as pages in build/coverage'
	@echo 'make lint       gates, the other compiler, types'
	@echo 'make docs       write the reference again and check the pages'
	@echo 'make format     lay out the C'
	@echo 'make generate   write what follows from the headers and the list of errors'
	@echo 'make features   which features have which tests'
	@echo 'make clean      forget build/'

demo:
	tools/demo

test:
	tools/setup test
	tools/test

test-long:
	tools/setup test
	tools/test --long

bench:
	tools/setup bench
	tools/bench
	build/venv/bin/python tools/gen_performance.py

bench-instructions:
	tools/setup test
	tools/postgres tools/bench instructions --check

coverage:
	tools/setup test
	tools/test coverage

lint:
	tools/setup test
	tools/lint

docs: generate
	tools/check_docs

format:
	tools/setup test
	tools/format

generate:
	tools/setup test
	build/venv/bin/python tools/gen_abi.py
	build/venv/bin/python tools/gen_errors.py
	build/venv/bin/python tools/gen_reference.py
	build/venv/bin/python tools/gen_performance.py

features:
	tools/features

clean:
	rm -rf build dist
