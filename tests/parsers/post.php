<?php
// Answers a form with what PHP reads: a JSON list of `[name, data]` in base64.

function parts($name, $value) {
    if (!is_array($value)) {
        return [[base64_encode((string) $name), base64_encode($value)]];
    }
    return array_merge([], ...array_map(fn ($item) => parts($name, $item), array_values($value)));
}

$parts = [];
foreach ($_POST as $name => $value) {
    array_push($parts, ...parts($name, $value));
}
foreach ($_FILES as $name => $file) {
    $paths = (array) $file['tmp_name'];
    array_walk_recursive($paths, function ($path) use (&$parts, $name) {
        $data = $path === '' ? '' : file_get_contents($path);
        $parts[] = [base64_encode((string) $name), base64_encode($data)];
    });
}
echo json_encode($parts);
