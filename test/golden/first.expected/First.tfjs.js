// "First" with TensorFlow.js, written by lfc.
//
// `tf` is the module @tensorflow/tfjs-core with a backend set, `weights` its tensors by path. `run` takes and gives
// tensors by name; the caller frees what it gets. bool is TensorFlow.js's bool.
//
// input  "x": f32[256, 32]
// weight "e": f32[16, 256]
// output "output": f32[256, 32]
export function model(tf, weights) {
  const w_e = weights.e;
  const run = (inputs) =>
    tf.tidy(() => {
      const in_x = inputs.x;
      // first.lf:8
      const v_slots = tf.matMul(w_e, in_x);
      // first.lf:9
      const v3 = tf.matMul(in_x, v_slots, false, true);
      const v4 = tf.div(v3, 5.656854249492381);
      tf.dispose([v3]);
      const v_p = tf.softmax(v4);
      tf.dispose([v4]);
      // first.lf:10
      const v6 = tf.matMul(v_p, v_slots);
      tf.dispose([v_slots, v_p]);
      const v_y = tf.add(in_x, v6);
      return { output: v_y };
    });
  const dispose = () => {};
  return { run, dispose };
}
