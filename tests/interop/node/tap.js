// A reporter for Vitest: TAP on standard output, what went wrong on standard error.
export default class Tap {
  onTestRunEnd(modules, errors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    console.log(`1..${tests.length}`);
    tests.forEach((test, index) => {
      const { state, errors = [] } = test.result();
      const title = test.fullName.replace(' > ', ': ');
      console.log(`${state === 'passed' ? 'ok' : 'not ok'} ${index + 1} - node ${title}`);
      tell(errors);
    });
    modules.forEach((module) => tell(module.errors()));
    tell(errors);
  }
}

function tell(errors) {
  errors.forEach((error) => console.error(error.stack ?? error.message ?? error));
}
